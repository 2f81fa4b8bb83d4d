import { createHash } from "node:crypto";
import { defineRoute } from "#http/route.ts";
import { pageMarkup } from "./page-markup.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";

/**
 * Open: the page contains no data. It reads `api/openapi.json` with the reader's key and asks for one when that is
 * missing.
 */
export const getDocs = defineRoute({
  method: "GET",
  path: "api/docs",
  access: "open",
  summary: "A page that lists these routes and sends requests to them",
  produces: "text/html",
  handle: async () => ({
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    },
    text: PAGE,
  }),
});

const PAGE = pageMarkup({ style: pageStyle, script: pageScript });

/** Only the page's own script and style apply, and it connects to this app only. */
const POLICY = [
  "default-src 'none'",
  `script-src '${digest(pageScript)}'`,
  `style-src '${digest(pageStyle)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
