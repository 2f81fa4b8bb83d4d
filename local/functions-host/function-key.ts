import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { HttpFunction } from "./function-definition.ts";

/** Whether the request may call the function: a function that is not anonymous requires the host's key. */
export function isAuthorized(fn: HttpFunction, request: IncomingMessage, url: URL, hostKey: string): boolean {
  if (fn.authLevel === "anonymous") return true;
  const header = request.headers["x-functions-key"];
  const given = typeof header === "string" ? header : url.searchParams.get("code");
  return given !== null && hostKey !== "" && isSame(given, hostKey);
}

/** Compares in constant time, independent of both lengths. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
