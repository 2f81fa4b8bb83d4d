import { z } from "zod";
import { type Document, DOCUMENT_STATES } from "#data/tax-liens/document-schema.ts";
import { referenceOf } from "#documents/reference.ts";

const instant = z.iso.datetime().nullable();
const file = z.object({ contentType: z.string(), bytes: z.int(), sha256: z.string() });

/** A document as the API shows it, without the places of its files. */
export const documentSchema = z.object({
  id: z.uuid(),
  reference: z.string().describe("The short name that the document shows: DM-2026-03-10-8435A8"),
  template: z.string(),
  state: z.enum(DOCUMENT_STATES),
  reason: z.string().nullable(),
  title: z.string().nullable(),
  /** Who wrote the prose passages; `note` says why the model did not. */
  writtenBy: z.enum(["template", "model"]).nullable(),
  note: z.string().nullable(),
  files: z.object({ pdf: file, html: file }).nullable(),
  tier: z.enum(["hot", "cold"]).nullable(),
  createdAt: z.iso.datetime(),
  generatedAt: instant,
  archivedAt: instant,
});

export function documentView({ files, passages, ...document }: Document) {
  const { id, template, state, reason, title, tier, createdAt, generatedAt, archivedAt } = document;
  const shown =
    files && Object.fromEntries(Object.entries(files).map(([format, { blob: _, ...file }]) => [format, file]));
  return {
    id,
    reference: referenceOf(document),
    template,
    state,
    reason,
    title,
    writtenBy: passages?.by ?? null,
    note: passages?.note ?? null,
    files: shown,
    tier,
    createdAt,
    generatedAt,
    archivedAt,
  };
}
