import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.ts";

/** The address that was asked for. Only its path and query mean something. @throws Refusal (400) when it is none */
export function addressOf(request: IncomingMessage): URL {
  const url = URL.parse(`http://localhost${request.url ?? "/"}`);
  if (url) return url;
  throw new Refusal(400, "BadRequest", `Expected a path, got ${JSON.stringify(request.url)}.`);
}

/** A part of a path as it was meant. @throws Refusal (400) when it is not percent-encoded UTF-8 */
export function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, "BadRequest", `Expected a path that is percent-encoded UTF-8, got ${part}.`);
  }
}
