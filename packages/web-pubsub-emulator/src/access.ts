import type { IncomingMessage } from "node:http";
import { addressOf } from "./address.ts";
import { Refusal } from "./refusal.ts";
import { readToken, type Claims } from "./token.ts";

/** Who may come in. */
export interface Access {
  readonly key: string;
  /** The service's own address, `http://127.0.0.1:8081`. */
  readonly endpoint: () => string;
  readonly now: () => number;
  /** Decides about tokens that were not signed with the key: Entra ID's, which only their issuer can check. */
  readonly acceptToken: (token: string) => boolean;
}

/** @throws Refusal (401) when a request to the REST API does not carry a token for just this address */
export function authorize(access: Access, request: IncomingMessage): void {
  const token = bearerOf(request);
  if (token !== undefined && access.acceptToken(token)) return;
  claimsFor(access, request, token, pathOf(request.url));
}

/** What a WebSocket client may do. @throws Refusal (401) when it has no token for this hub */
export function clientClaims(access: Access, request: IncomingMessage, hub: string): Claims {
  const token = addressOf(request).searchParams.get("access_token") ?? bearerOf(request);
  return claimsFor(access, request, token ?? undefined, `/client/hubs/${hub}`);
}

function claimsFor(access: Access, request: IncomingMessage, token: string | undefined, path: string): Claims {
  if (!token) throw unauthorized("Expected a token: Authorization: Bearer …, or access_token for clients. Got none.");
  let claims: Claims;
  try {
    claims = readToken(token, access.key, access.now());
  } catch (error) {
    throw unauthorized((error as Error).message);
  }
  // The address as the caller knows it counts too: behind a proxy or under another host name it is not this server's own.
  const endpoint = access.endpoint();
  const own = [`${endpoint}${path}`, `${new URL(endpoint).protocol}//${request.headers.host ?? ""}${path}`];
  if (typeof claims.aud === "string" && own.includes(pathOf(claims.aud))) return claims;
  throw unauthorized(`The token is for another address: expected aud ${own[0]}, got ${JSON.stringify(claims.aud)}.`);
}

/** The clients sign the address with its query or without. */
function pathOf(url = ""): string {
  return url.replace(/[?#].*$/s, "").replace(/\/$/, "");
}

function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

function unauthorized(message: string): Refusal {
  return new Refusal(401, "Unauthorized", message);
}
