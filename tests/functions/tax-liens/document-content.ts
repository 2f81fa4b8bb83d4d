import { buffer } from "node:stream/consumers";
import { routes } from "#functions/index.ts";
import { serve } from "#http/serve.ts";
import type { AdminApi } from "../http/admin/admin-api.ts";

/** The response of the route that downloads a document, with its bytes where it has any. */
export async function documentContent({ app }: AdminApi, id: string, format: "pdf" | "html", method = "GET") {
  const path = "api/documents/{id}/content";
  const reply = await serve(
    routes.filter((route) => route.path === path),
    {
      method,
      params: { id },
      query: new URLSearchParams({ format }),
      header: () => null,
      bytes: async () => new Uint8Array(),
    },
    async () => app,
  );
  return { ...reply, bytes: reply.stream ? await buffer(reply.stream) : null };
}
