import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { findCounty, lockCounty } from "#data/tax-liens/counties.ts";
import { recordUpload } from "#data/tax-liens/uploaded-lists.ts";
import { badRequest, notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { LISTS_CONTAINER, uploadPrefix } from "#providers/county-lists/open-list.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { openContainer } from "#storage/blob-container.ts";
import { ingestCountyLiens } from "../../tax-liens/ingest-county-liens/index.ts";
import { runState } from "../admin/run-view.ts";
import { uploadedListSchema, uploadedListView } from "./uploaded-list-view.ts";

/** Azure passes a body as a whole, so the process holds it in memory. */
const MAX_BYTES = 64 * 1024 * 1024;
/** The last one is what browsers and Windows send for CSV. */
const CSV_TYPES = ["text/csv", "text/plain", "application/octet-stream", "application/vnd.ms-excel"];
const GZIP_TYPES = ["application/gzip", "application/x-gzip"];

export const uploadList = defineRoute({
  method: "POST",
  path: "api/counties/{id}/lists",
  access: "operator",
  summary: "Upload a county's list as CSV, plain or gzipped; with source.upload it is ingested at once",
  params: z.strictObject({ id: countyIdText }),
  file: { types: [...CSV_TYPES, ...GZIP_TYPES], maxBytes: MAX_BYTES },
  response: z.object({
    list: uploadedListSchema,
    isNew: z.boolean().describe("Whether these bytes were not uploaded before"),
    run: z.object({ id: z.uuid(), state: runState }).nullable().describe("The run that ingests it"),
  }),
  async handle({ app, params: { id }, bytes, caller }) {
    if (!(await findCounty(app.db, id))) throw notFound(`there is no county ${id}`);
    const kind = kindOf(bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const blob = `${uploadPrefix(id)}${sha256}.${kind.extension}`;
    // The name follows from the content, so a repeated upload replaces the blob by itself.
    await openContainer(app.config, LISTS_CONTAINER).write(blob, kind.contentType, [Readable.from([bytes])]);
    const { list, isNew, run } = await app.db.transaction(async (tx) => {
      const county = await lockCounty(tx, id);
      if (!county) throw notFound(`there is no county ${id}`);
      const [uploadedAt, uploadedBy] = [app.clock.now(), caller];
      const list = {
        countyId: id,
        sha256,
        blob,
        bytes: bytes.length,
        contentType: kind.contentType,
        uploadedAt,
        uploadedBy,
      };
      const isNew = await recordUpload(tx, list);
      const what = { action: "upload-list", subject: `county:${id}`, after: { sha256, blob, bytes: bytes.length } };
      await recordAudit(tx, { at: uploadedAt, who: caller, ...what });
      const run =
        county.source.upload === true
          ? await app.enqueuer.enqueueIn(tx, ingestCountyLiens, {
              input: { countyId: id },
              trigger: "event",
              requestedBy: caller,
            })
          : null;
      return { list, isNew, run };
    });
    if (run?.state === "queued") await app.enqueuer.dispatch([run]);
    const shown = run && { id: run.id, state: run.state };
    return { status: isNew ? 201 : 200, json: { list: uploadedListView(list), isNew, run: shown } };
  },
});

/** By the bytes: the content type of an upload is a guess of its client. */
function kindOf(bytes: Uint8Array): { extension: string; contentType: string } {
  const begins = (...first: readonly number[]) => first.every((byte, index) => bytes[index] === byte);
  if (begins(0x1f, 0x8b)) return { extension: "csv.gz", contentType: "application/gzip" };
  const isZip = begins(0x50, 0x4b, 0x03, 0x04);
  if (isZip || begins(0xd0, 0xcf, 0x11, 0xe0)) {
    const got = isZip ? "a ZIP archive or an .xlsx" : "an .xls";
    throw badRequest([{ field: "body", reason: `expected CSV or gzipped CSV, got ${got}: save it as CSV` }]);
  }
  return { extension: "csv", contentType: "text/csv" };
}
