import type { ALLOW_LISTED } from "#data/platform/notification-schema.ts";

/** A channel whose addresses come from the allow-list. */
export type AllowListed = (typeof ALLOW_LISTED)[number];

const NUMBER = { pattern: /^\+[1-9]\d{6,14}$/, expected: "a number in E.164 such as +15005550006" };
const FORMS: Readonly<Record<AllowListed, { readonly pattern: RegExp; readonly expected: string }>> = {
  email: { pattern: /^[^\s@<>,;:"]{1,64}@[^\s@<>,;:"]{1,255}$/, expected: "one e-mail address" },
  chatbot: { pattern: /^(-?\d{1,19}|@[A-Za-z]\w{3,31})$/, expected: "a chat's id such as 4711, or @ and its name" },
  sms: NUMBER,
  voice: NUMBER,
};

/** Why a text is not an address of a channel; undefined when it is one. */
export function addressFault(channel: AllowListed, address: string): string | undefined {
  const { pattern, expected } = FORMS[channel];
  return pattern.test(address) ? undefined : `expected ${expected}`;
}

/** Masks an address, so that two remain distinguishable but neither can be used: `a…@example.org`, `…006`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return at > 0 ? `${address.slice(0, 1)}…${address.slice(at)}` : `…${address.slice(-3)}`;
}
