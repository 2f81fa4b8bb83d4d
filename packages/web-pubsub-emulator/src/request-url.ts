import type { IncomingMessage } from "node:http";
import { badRequest } from "./http-error.ts";

/** The requested URL. Only its path and query are meaningful. @throws HttpError (400) if it is not a URL */
export function requestUrl(request: IncomingMessage): URL {
  const url = URL.parse(`http://localhost${request.url ?? "/"}`);
  if (url) return url;
  throw badRequest(`Expected a path, got ${JSON.stringify(request.url)}.`);
}

/** Decodes a path segment. @throws HttpError (400) if it is not percent-encoded UTF-8 */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`Expected a path that is percent-encoded UTF-8, got ${segment}.`);
  }
}
