import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readToken, signToken } from "../src/token.ts";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const IN_AN_HOUR = NOW / 1_000 + 3_600;

test("a token returns the signed claims", () => {
  const claims = { aud: "http://a/b", exp: IN_AN_HOUR, sub: "ann", role: ["webpubsub.sendToGroup"] };
  expect(readToken(signToken(claims, "key"), "key", NOW)).toEqual(claims);
});

test("a token with any changed character is refused", () => {
  const token = signToken({ aud: "http://a/b", exp: IN_AN_HOUR, sub: "ann" }, "key");
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom("A", "Z", "a", "z", "0", "9", "-", "_", "."), (at, sign) => {
      fc.pre(token[at] !== sign);
      const forged = token.slice(0, at) + sign + token.slice(at + 1);
      expect(() => readToken(forged, "key", NOW)).toThrow();
    }),
  );
});

test("a token that another key signed is refused", () => {
  expect(() => readToken(signToken({ exp: IN_AN_HOUR }, "other"), "key", NOW)).toThrow(/signature is wrong/);
});

test("a token without signature or with another algorithm is refused", () => {
  const payload = Buffer.from(JSON.stringify({ exp: IN_AN_HOUR })).toString("base64url");
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  expect(() => readToken(`${none}.${payload}.`, "key", NOW)).toThrow(/not a JWT/);
  const signature = createHmac("sha256", "key").update(`${none}.${payload}`).digest("base64url");
  expect(() => readToken(`${none}.${payload}.${signature}`, "key", NOW)).toThrow(/alg is not HS256/);
});

test("a token is valid until its expiry, and needs one", () => {
  const token = signToken({ exp: IN_AN_HOUR }, "key");
  expect(readToken(token, "key", IN_AN_HOUR * 1_000 - 1)).toEqual({ exp: IN_AN_HOUR });
  expect(() => readToken(token, "key", IN_AN_HOUR * 1_000)).toThrow(
    "The token expired at 2026-03-10T13:00:00.000Z; it is 2026-03-10T13:00:00.000Z.",
  );
  expect(() => readToken(signToken({}, "key"), "key", NOW)).toThrow(/never expires/);
});

test("a token is not valid before its nbf", () => {
  const token = signToken({ exp: IN_AN_HOUR, nbf: NOW / 1_000 + 1 }, "key");
  expect(() => readToken(token, "key", NOW)).toThrow(/valid from/);
  expect(readToken(token, "key", NOW + 1_000)).toMatchObject({ exp: IN_AN_HOUR });
});
