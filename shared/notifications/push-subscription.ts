import { z } from "zod";
import { isLoopbackHost } from "#providers/outbound/public-address.ts";

/** A browser's subscription in the shape of `PushSubscription.toJSON()` (Push API). */
export const pushSubscriptionSchema = z.strictObject({
  endpoint: z.url().max(2_000),
  /** When the browser ends it. Not used: the push service reports ended subscriptions. */
  expirationTime: z.number().nullable().optional(),
  keys: z.strictObject({
    p256dh: base64url("a public key on P-256, uncompressed", (key) => key.length === 65 && key[0] === 4),
    auth: base64url("a secret of 16 bytes", (secret) => secret.length === 16),
  }),
});

/** Whether a host, with its port if any, is a push service. @param patterns `*.` matches any subdomain */
export function isPushHost(host: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern));
}

/** Why an endpoint must not be called; undefined when it may. */
export function endpointFault(endpoint: string, patterns: readonly string[]): string | undefined {
  const { protocol, host, hostname } = new URL(endpoint);
  if (!isPushHost(host, patterns)) return `${host} is not in WEB_PUSH_HOSTS`;
  if (protocol === "https:" || isLoopbackHost(hostname)) return undefined;
  return `expected an address that begins with https://, got ${protocol}//`;
}

function base64url(expected: string, isExpected: (bytes: Buffer) => boolean) {
  const isValid = (text: string) => /^[\w-]+=*$/.test(text) && isExpected(Buffer.from(text, "base64url"));
  return z.string().max(200).refine(isValid, `expected ${expected}, in base64url`);
}
