import type { WrittenPassages } from "#data/tax-liens/document-schema.ts";
import { OPERATORS } from "#notifications/notification.ts";
import type { DocumentModel } from "./document-model.ts";
import { referenceOf } from "./reference.ts";
import type { Template } from "./template.ts";

/** The stored request of a document. */
export interface RequestedDocument {
  readonly id: string;
  /** Name of the template. */
  readonly template: string;
  readonly recipient: string;
  readonly createdAt: Date;
}

/** Builds the document of a template: its blocks, and a note about the origin of its text. */
export function buildDocument(
  template: Template,
  facts: unknown,
  { words, by, note }: WrittenPassages,
  document: RequestedDocument,
): DocumentModel {
  const origin =
    by === "model" ? "Passages in words were written by a language model from the facts shown here." : note;
  return {
    ...template.heading(facts),
    recipient: document.recipient === OPERATORS ? null : document.recipient.replace(/^user:/, ""),
    reference: `Rota \u00b7 ${referenceOf(document)}`,
    asOf: document.createdAt,
    blocks: [
      ...template.blocks(facts, words),
      ...(origin === null ? [] : [{ kind: "paragraph", tone: "note", text: origin } as const]),
    ],
  };
}
