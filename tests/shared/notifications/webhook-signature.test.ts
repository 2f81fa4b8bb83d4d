import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { isSigned, signatureOf, type Signed } from "#notifications/webhook-signature.ts";

const now = new Date("2026-03-10T12:00:00Z");
const SECRET = "whsec_c2FtcGxlLXNlY3JldC1vZi0yNC1ieXRlcw==";
const signed: Signed = {
  secret: SECRET,
  id: "msg-1",
  timestamp: now.getTime() / 1_000,
  body: '{"title":"Hello"}',
};

it("is the HMAC of id, time and body, in the form of Standard Webhooks", () => {
  const expected = createHmac("sha256", "sample-secret-of-24-bytes")
    .update('msg-1.1773144000.{"title":"Hello"}')
    .digest("base64");
  expect(signatureOf(signed)).toBe(`v1,${expected}`);
});

it("the library of Standard Webhooks verifies it", () => {
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    "webhook-id": signed.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatureOf({ ...signed, timestamp }),
  };
  const library = new Webhook(SECRET);
  expect(library.verify(signed.body, headers)).toEqual({ title: "Hello" });
  expect(() => library.verify('{"title":"Bye"}', headers)).toThrow("No matching signature");
});

describe("is right", () => {
  it("alone and among others, while a secret is replaced", () => {
    expect(isSigned(signed, signatureOf(signed), now)).toBe(true);
    expect(isSigned(signed, `v1,${"A".repeat(43)}= ${signatureOf(signed)}`, now)).toBe(true);
  });

  it.each([
    ["another body", { body: "{}" }],
    ["another id", { id: "msg-2" }],
    ["another secret", { secret: "whsec_b3RoZXItc2VjcmV0LW9mLTI0LWJ5dGVz" }],
    ["another time", { timestamp: signed.timestamp + 1 }],
  ])("for nothing else: %s", (_, given) => {
    expect(isSigned({ ...signed, ...given }, signatureOf(signed), now)).toBe(false);
  });

  it("for five minutes", () => {
    expect(isSigned(signed, signatureOf(signed), new Date(now.getTime() + 300_000))).toBe(true);
    expect(isSigned(signed, signatureOf(signed), new Date(now.getTime() + 300_001))).toBe(false);
  });

  it.each(["", "v1,", "v2,AAAA", "nonsense"])("never as %j", (header) => {
    expect(isSigned(signed, header, now)).toBe(false);
  });
});
