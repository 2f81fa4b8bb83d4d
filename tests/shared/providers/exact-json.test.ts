import fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, parseExactJson } from "../../../shared/providers/exact-json.ts";

test("every digit that was sent stays, in whichever notation", () => {
  expect(
    parseExactJson('{"a":1.10,"b":[0.123456789012345678901234567890,1.0,-7,1E-9],"c":"1.1","d":null,"e":true}'),
  ).toEqual({
    a: "1.10",
    b: ["0.123456789012345678901234567890", "1.0", "-7", "1E-9"],
    c: "1.1",
    d: null,
    e: true,
  });
});

test("a decimal of any length survives", () => {
  const digits = fc.stringMatching(/^[0-9]{1,40}$/);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999 }), digits, (whole, fraction) => {
      expect(parseExactJson(`{"rate":${whole}.${fraction}}`)).toEqual({ rate: `${whole}.${fraction}` });
    }),
  );
});

test("what is no JSON is a SyntaxError", () => {
  expect(() => parseExactJson('{"a":1.')).toThrow(SyntaxError);
});

test("only objects are objects", () => {
  expect([{}, [], null, "x", undefined].map((value) => isJsonObject(value))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
