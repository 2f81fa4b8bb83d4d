import type { Request } from "./request.ts";

/**
 * Whether another site's page may have sent this change through a signed-in browser, which adds the cookie by itself.
 * Such a page cannot set a custom header without a CORS preflight, and cannot forge its origin.
 */
export function isCrossSiteChange({ method, header }: Pick<Request, "method" | "header">): boolean {
  if (method === "GET" || method === "HEAD") return false;
  if (header("x-rota-request")) return false;
  const origin = header("origin");
  const host = header("host");
  if (origin === null || host === null || !URL.canParse(origin)) return true;
  return new URL(origin).host !== host.toLowerCase();
}
