import { buildDocument } from "#documents/build-document.ts";
import type { DocumentModel } from "#documents/document-model.ts";
import { findTemplate } from "#documents/templates.ts";

/** When the documents of tests were asked for. */
export const asOf = new Date("2026-03-10T12:00:00Z");

/** A document from its facts, in its template's own words. @throws ZodError */
export function sampleDocument(name: string, given: unknown): DocumentModel {
  const template = findTemplate(name);
  const facts = template.context.parse(given);
  const words = Object.fromEntries(
    Object.entries(template.passages).map(([key, passage]) => [key, passage.written(facts as never)]),
  );
  const document = {
    id: "01983a2e-0000-7000-8000-00005f2a9c01",
    template: name,
    recipient: "user:ada",
    createdAt: asOf,
  };
  return buildDocument(template, facts, { words, by: "template", note: null }, document);
}
