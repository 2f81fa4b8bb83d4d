import { z } from "zod";
import { findDocument } from "#data/tax-liens/documents.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { documentSchema, documentView } from "./document-view.ts";

export const getDocument = defineRoute({
  method: "GET",
  path: "api/documents/{id}",
  access: "key",
  summary: "A document: its state, and its files with size and SHA-256",
  params: z.strictObject({ id: z.uuid() }),
  response: documentSchema,
  async handle({ app, params: { id } }) {
    const document = await findDocument(app.db, id);
    if (!document) throw notFound(`there is no document ${id}`);
    return { json: documentView(document) };
  },
});
