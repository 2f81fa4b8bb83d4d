import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { HttpFunction } from "./function-definition.ts";

/** Whether the request may call the function: any may an anonymous one, the others need the host's key. */
export function isAuthorized(fn: HttpFunction, request: IncomingMessage, url: URL, hostKey: string): boolean {
  if (fn.authLevel === "anonymous") return true;
  const header = request.headers["x-functions-key"];
  const given = typeof header === "string" ? header : url.searchParams.get("code");
  return given !== null && hostKey !== "" && isSame(given, hostKey);
}

/** Compares in a time that does not depend on the texts, and not on their lengths either. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
