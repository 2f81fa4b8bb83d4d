import { createHmac, timingSafeEqual } from "node:crypto";

/** The signed content: it includes the id and the time, so that neither can be replaced. */
export interface Signed {
  /** `whsec_` and the key in base64. */
  readonly secret: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The header `webhook-signature`: version, comma, HMAC-SHA256 in base64 of `id.timestamp.body`. */
export function signatureOf({ secret, id, timestamp, body }: Signed): string {
  return `v1,${createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

/** Receivers refuse older or newer messages: they may be replayed. */
const TOLERANCE_S = 300;

/**
 * The check of a receiver: whether a signature in the header is valid and the time is within five minutes. Compares in
 * constant time. @param header signatures separated by spaces; several while a secret is replaced
 */
export function isSigned(signed: Signed, header: string, now: Date): boolean {
  if (Math.abs(now.getTime() / 1_000 - signed.timestamp) > TOLERANCE_S) return false;
  const expected = Buffer.from(signatureOf(signed));
  return header
    .split(" ")
    .map((signature) => Buffer.from(signature))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
