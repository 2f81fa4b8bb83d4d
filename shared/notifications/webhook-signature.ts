import { createHmac, timingSafeEqual } from "node:crypto";

/** What is signed: the id and the time as well, so that neither can be exchanged. */
export interface Signed {
  readonly secret: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The header `webhook-signature`: version, comma, HMAC-SHA256 in base64 of `id.timestamp.body`. */
export function signatureOf({ secret, id, timestamp, body }: Signed): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** Older or newer than this, a message is somebody's recording. */
const TOLERANCE_S = 300;

/**
 * What a receiver does: whether one of the signatures in the header is right and the time is near. Compares in constant time.
 * @param header several signatures may stand in it, with spaces between, while a secret is exchanged
 */
export function isSigned(signed: Signed, header: string, now: Date): boolean {
  if (Math.abs(now.getTime() / 1_000 - signed.timestamp) > TOLERANCE_S) return false;
  const expected = Buffer.from(signatureOf(signed));
  return header
    .split(" ")
    .map((signature) => Buffer.from(signature))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
