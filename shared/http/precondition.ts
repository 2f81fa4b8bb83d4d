import { createHash } from "node:crypto";
import { Problem } from "./problem.ts";

/** The strong entity tag (RFC 9110, 8.8.3) of a response. */
export function entityTag(response: unknown): string {
  return `"${createHash("sha256").update(JSON.stringify(response)).digest("base64url").slice(0, 22)}"`;
}

/**
 * Checks that a change is based on the current state. Without `If-Match` every state is accepted.
 * @throws Problem 412 when the header does not name the current state
 */
export function checkIfMatch(header: string | null, etag: string): void {
  if (header === null || header.trim() === "*") return;
  if (header.split(",").some((one) => one.trim() === etag)) return;
  throw new Problem(
    412,
    "changed-meanwhile",
    "If-Match: the resource has changed since; read it again before you change it",
    {
      headers: { etag },
    },
  );
}
