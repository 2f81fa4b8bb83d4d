import { z } from "zod";
import { findDocument } from "#data/tax-liens/documents.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { BlobMissing, openContainer } from "#storage/blob-container.ts";

export const getDocumentContent = defineRoute({
  method: "GET",
  path: "api/documents/{id}/content",
  access: "key",
  summary: "A document's file: format=pdf (the default) or html",
  params: z.strictObject({ id: z.uuid() }),
  query: z.strictObject({ format: z.enum(["pdf", "html"]).default("pdf") }),
  response: z.string(),
  produces: "application/pdf",
  async handle({ app, params: { id }, query: { format } }) {
    const document = await findDocument(app.db, id);
    if (!document) throw notFound(`there is no document ${id}`);
    const { files, template, state, reason } = document;
    if (!files)
      throw new Problem(409, "document-not-ready", `document ${id} is ${state}${reason ? `: ${reason}` : ""}`);
    const { blob, contentType, bytes, sha256 } = files[format];
    try {
      const stream = await openContainer(app.config, "documents").read(blob);
      return {
        stream,
        headers: {
          "content-type": contentType,
          "content-length": String(bytes),
          "content-disposition": `inline; filename="${template}-${id}.${format}"`,
          etag: `"${sha256}"`,
          "x-content-type-options": "nosniff",
          // A malicious field can run and load nothing, and the page does not belong to this site.
          "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        },
      };
    } catch (error) {
      if (error instanceof BlobMissing) throw new Problem(410, "document-gone", `the file of document ${id} is gone`);
      throw error;
    }
  },
});
