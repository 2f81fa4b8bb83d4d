import type { Request } from "./request.ts";

/**
 * Whether a change may have been sent by another site's page in a signed-in browser, which adds the cookie by itself. Such a
 * page can neither set a header of its own without being asked for leave first (CORS), nor lie about its origin.
 */
export function changedFromElsewhere({ method, header }: Pick<Request, "method" | "header">): boolean {
  if (method === "GET" || method === "HEAD") return false;
  if (header("x-rota-request")) return false;
  const origin = header("origin");
  const host = header("host");
  if (origin === null || host === null || !URL.canParse(origin)) return true;
  return new URL(origin).host !== host.toLowerCase();
}
