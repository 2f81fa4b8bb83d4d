import fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, parseExactJson } from "#providers/exact-json.ts";

test("every digit is kept, in any notation", () => {
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

test("texts with numbers stay texts, and numbers in any layout are found", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[[\]{},:"\\ \n0-9.eE-]{0,12}$/));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      ...[text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean(), fc.constant(null)],
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(text, tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: 2 }), (sent, indent) => {
      expect(parseExactJson(JSON.stringify(sent, null, indent))).toEqual(asSent(sent));
    }),
    { numRuns: 500 },
  );
});

/** The same with each number as JSON.stringify writes it. */
function asSent(value: unknown): unknown {
  if (typeof value === "number") return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(asSent);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asSent(member)]));
}

test.each([
  '{"a":1.',
  '{"a":01}',
  '{"a":1,}',
  "[1,NaN]",
  "{1:2}",
  '["a"1]',
  "[1 2]",
  '["a,1]',
  "[1.]",
  "[-]",
  "[+1]",
  "",
])("%s is no JSON, and a SyntaxError", (text) => {
  expect(() => parseExactJson(text)).toThrow(SyntaxError);
});

test("a number alone keeps its digits too", () => {
  expect(parseExactJson(" 1.10 ")).toBe("1.10");
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
