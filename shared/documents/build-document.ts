import type { WrittenPassages } from "#data/tax-liens/document-schema.ts";
import type { DocumentModel } from "./document-model.ts";
import type { Template } from "./template.ts";

/** Builds the document of a template: its blocks, and a note about the origin of its text. */
export function buildDocument(
  template: Template,
  facts: unknown,
  { passages: { words, by, note }, id, asOf }: { passages: WrittenPassages; id: string; asOf: Date },
): DocumentModel {
  const origin =
    by === "model" ? "Passages in words were written by a language model from the facts shown here." : note;
  return {
    ...template.heading(facts),
    reference: `Rota \u00b7 document ${id}`,
    asOf,
    blocks: [
      ...template.blocks(facts, words),
      ...(origin === null ? [] : [{ kind: "paragraph", tone: "note", text: origin } as const]),
    ],
  };
}
