import { createHmac, timingSafeEqual } from "node:crypto";

/** The claims of a token. Times are seconds since 1970. */
export interface Claims {
  readonly aud?: string;
  readonly exp?: number;
  readonly nbf?: number;
  /** The client's user id. */
  readonly sub?: string;
  readonly role?: string | readonly string[];
  /** The groups that the client joins when it connects. */
  readonly "webpubsub.group"?: string | readonly string[];
}

const HEADER = encode({ alg: "HS256", typ: "JWT" });

/** Signs claims as a compact JWT with HS256. */
export function signToken(claims: Claims, key: string): string {
  const signed = `${HEADER}.${encode(claims)}`;
  return `${signed}.${signatureOf(signed, key)}`;
}

/**
 * Verifies a JWT that `key` signed, and returns its claims. Decodes nothing before the signature is verified.
 * @param now epoch milliseconds
 * @throws Error with the reason: not a JWT, wrong signature, wrong algorithm, expired or not valid yet
 */
export function readToken(token: string, key: string, now: number): Claims {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  if (!signature || rest.length > 0) throw new Error("The token is not a JWT: expected three parts separated by dots.");
  if (!equalInConstantTime(signature, signatureOf(`${header}.${payload}`, key))) {
    throw new Error("The token's signature is wrong: expected a signature by the emulator's access key.");
  }
  if ((decode(header) as { alg?: unknown }).alg !== "HS256") throw new Error("The token's alg is not HS256.");
  const claims = decode(payload) as Claims;
  const seconds = Math.floor(now / 1_000);
  if (typeof claims.exp !== "number") throw new Error("The token never expires: expected a claim exp.");
  if (claims.exp <= seconds) throw new Error(`The token expired at ${iso(claims.exp)}; it is ${iso(seconds)}.`);
  if (claims.nbf !== undefined && claims.nbf > seconds) {
    throw new Error(`The token is valid from ${iso(claims.nbf)} on; it is ${iso(seconds)}.`);
  }
  return claims;
}

/** Compares secrets in a time that does not depend on where they differ. */
export function equalInConstantTime(actual: string, expected: string): boolean {
  const [a, b] = [Buffer.from(actual), Buffer.from(expected)];
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
  if (typeof value !== "object" || value === null) throw new Error("The token is not a JWT: a part is not an object.");
  return value;
}

function iso(seconds: number): string {
  const ms = seconds * 1_000;
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `second ${seconds}`;
}
