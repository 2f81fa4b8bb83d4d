import type { Document } from "#data/tax-liens/document-schema.ts";
import { documentsToArchive, markArchived } from "#data/tax-liens/documents.ts";
import { daysBefore, defineJob, effectiveSettings, schedule, writes, z } from "#jobs";
import { openContainer } from "#storage/blob-container.ts";
import { taxLiens } from "../families.ts";

/**
 * Moves the files of old documents to cold storage, where they cost less and stay readable. Running twice is safe: a
 * file in cold storage stays there, and the row is updated after the files.
 */
export const archiveOldDocuments = defineJob({
  id: "archive_old_documents",
  family: taxLiens,
  summary: "Move the files of old documents to cold storage",
  on: schedule("0 0 4 * * SUN", "America/Phoenix"),
  input: z.strictObject({}),
  changeableSettings: ["documents_archive_days"],
  timeout: "2h",
  gates: [writes],

  async *items({ db, settings, asOf }) {
    const { DOCUMENTS_ARCHIVE_DAYS: days } = await effectiveSettings(db, settings);
    const before = daysBefore(asOf, days);
    let after: Document | undefined;
    for (;;) {
      const page = await documentsToArchive(db, before, { after, limit: 500 });
      yield* page;
      after = page.at(-1);
      if (!after) return;
    }
  },
  key: (document: Document) => document.id,

  async each(document, { settings, signal, transaction, clock }) {
    const container = openContainer(settings, "documents");
    for (const { blob } of Object.values(document.files!)) await container.chill(blob, signal);
    return (await transaction((tx) => markArchived(tx, document, clock.now()))) ? "archived" : "written anew";
  },
});
