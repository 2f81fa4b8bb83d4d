import type { IncomingMessage } from "node:http";
import { HttpError } from "./http-error.ts";
import { requestUrl } from "./request-url.ts";
import { type Claims, readToken } from "./token.ts";

/** What the emulator needs to check tokens. */
export interface Authentication {
  readonly key: string;
  /** The emulator's own address, such as `http://127.0.0.1:8081`. */
  readonly endpoint: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Checks a token that the key did not sign, such as a token of Entra ID. */
  readonly acceptToken: (token: string) => boolean;
}

/** @throws HttpError (401) if a REST request has no token for this address */
export function authenticateRequest(authentication: Authentication, request: IncomingMessage): void {
  const token = bearerToken(request);
  if (token !== undefined && authentication.acceptToken(token)) return;
  verifiedClaims(authentication, request, token, pathOf(request.url));
}

/** Returns the claims of a WebSocket client. @throws HttpError (401) if it has no token for this hub */
export function authenticateClient(authentication: Authentication, request: IncomingMessage, hub: string): Claims {
  const token = requestUrl(request).searchParams.get("access_token") ?? bearerToken(request);
  return verifiedClaims(authentication, request, token, `/client/hubs/${hub}`);
}

function verifiedClaims(
  { key, endpoint, now }: Authentication,
  request: IncomingMessage,
  token: string | undefined,
  path: string,
): Claims {
  if (!token) throw unauthorized("Expected a token: Authorization: Bearer …, or access_token for clients. Got none.");
  let claims: Claims;
  try {
    claims = readToken(token, key, now());
  } catch (error) {
    throw unauthorized((error as Error).message);
  }
  // Behind a proxy or under another host name, the caller's address differs from the emulator's own. Both are valid.
  const own = endpoint();
  const audiences = [`${own}${path}`, `${new URL(own).protocol}//${request.headers.host ?? ""}${path}`];
  if (typeof claims.aud === "string" && audiences.includes(pathOf(claims.aud))) return claims;
  throw unauthorized(
    `The token is for another address: expected aud ${audiences[0]}, got ${JSON.stringify(claims.aud)}.`,
  );
}

/** Clients sign the address with or without its query. */
function pathOf(url = ""): string {
  return url.replace(/[?#].*$/s, "").replace(/\/$/, "");
}

function bearerToken(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

function unauthorized(message: string): HttpError {
  return new HttpError(401, "Unauthorized", message);
}
