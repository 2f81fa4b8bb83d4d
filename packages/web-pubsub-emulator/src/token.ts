import { createHmac, timingSafeEqual } from "node:crypto";

/** What a token of this service may say. Times are seconds since 1970. */
export interface Claims {
  readonly aud?: string;
  readonly exp?: number;
  readonly nbf?: number;
  /** The user that a client connects as. */
  readonly sub?: string;
  readonly role?: string | readonly string[];
  /** Groups that a client is in from the start. */
  readonly "webpubsub.group"?: string | readonly string[];
}

const HEADER = encode({ alg: "HS256", typ: "JWT" });

/** Signs claims as a compact JWT with HS256. */
export function signToken(claims: Claims, key: string): string {
  const signed = `${HEADER}.${encode(claims)}`;
  return `${signed}.${signatureOf(signed, key)}`;
}

/**
 * Reads a JWT that was signed with `key`. Nothing in it is looked at before its signature has been found right.
 * @param now epoch milliseconds
 * @throws Error with what is wrong in a sentence: no JWT, another key, another algorithm, expired, not valid yet
 */
export function readToken(token: string, key: string, now: number): Claims {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  if (!signature || rest.length > 0) throw new Error("The token is no JWT: expected three parts with dots between.");
  const isOurs = equalInConstantTime(signature, signatureOf(`${header}.${payload}`, key));
  if (!isOurs) throw new Error("The token's signature is wrong: expected one made with this service's access key.");
  if ((decode(header) as { alg?: unknown }).alg !== "HS256") throw new Error("The token's alg is not HS256.");
  const claims = decode(payload) as Claims;
  const seconds = Math.floor(now / 1_000);
  if (typeof claims.exp !== "number") throw new Error("The token never expires: expected a claim exp.");
  if (claims.exp <= seconds) throw new Error(`The token expired at ${instant(claims.exp)}; it is ${instant(seconds)}.`);
  if (claims.nbf !== undefined && claims.nbf > seconds) {
    throw new Error(`The token is valid from ${instant(claims.nbf)} on; it is ${instant(seconds)}.`);
  }
  return claims;
}

/** Compares secrets in a time that says nothing about where they differ. */
export function equalInConstantTime(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function signatureOf(signed: string, key: string): string {
  return createHmac("sha256", key).update(signed).digest("base64url");
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): object {
  const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
  if (typeof value !== "object" || value === null) throw new Error("The token is no JWT: a part of it is no object.");
  return value;
}

function instant(seconds: number): string {
  const ms = seconds * 1_000;
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `second ${seconds}`;
}
