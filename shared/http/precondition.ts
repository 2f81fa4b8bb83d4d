import { createHash } from "node:crypto";
import { Problem } from "./problem.ts";

/** The strong entity tag (RFC 9110, 8.8.3) of what a route would answer. */
export function entityTag(answer: unknown): string {
  return `"${createHash("sha256").update(JSON.stringify(answer)).digest("base64url").slice(0, 22)}"`;
}

/**
 * Holds a change to what its sender has seen. Without `If-Match` any state will do.
 * @throws Problem 412 when the header names another state than there is
 */
export function checkIfMatch(header: string | null, etag: string): void {
  if (header === null || header.trim() === "*") return;
  if (header.split(",").some((one) => one.trim() === etag)) return;
  throw new Problem(412, "changed-meanwhile", "If-Match: it was changed since; get it again and decide anew", {
    headers: { etag },
  });
}
