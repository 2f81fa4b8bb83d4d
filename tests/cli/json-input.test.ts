import fc from "fast-check";
import { expect, test } from "vitest";
import { findJsonError, readJsonInput } from "#cli/json-input.ts";

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test("an error is found exactly where the engine's parser rejects the text", () => {
  const almost = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", '"', "\\", "x", " ", "0", "\n", ":"))
    .map(([text, at, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1));
  fc.assert(
    fc.property(fc.oneof(fc.json(), almost, fc.string()), (text) => {
      expect(findJsonError(text) === undefined).toBe(isJson(text));
    }),
    { numRuns: 2_000 },
  );
});

test("the text before the error is the beginning of valid JSON", () => {
  const cut = fc.tuple(fc.json(), fc.nat()).map(([text, at]) => text.slice(0, at % text.length));
  fc.assert(
    fc.property(cut, (beginning) => {
      const fault = findJsonError(`${beginning}\u0001`);
      // The error in an incomplete string or number is reported at its start.
      expect(fault?.at).toBeGreaterThanOrEqual(0);
      expect(fault?.at).toBeLessThanOrEqual(beginning.length);
    }),
  );
});

test.each([
  ["{} {}", 3, "the end"],
  ['{"a" 1}', 5, ":"],
  ['{"a": 1, }', 9, "a name in double quotes"],
  ["[1, ]", 4, "a value"],
  ["[1 2]", 3, ", or ]"],
  ["{", 1, "a name in double quotes or }"],
  ["{'a': 1}", 1, "a name in double quotes"],
  ['{"a": "b}', 6, "a string that ends with a double quote"],
  ["01", 1, "the end"],
  ["undefined", 0, "a value"],
])("%s fails at %i, where %s is expected", (text, at, expected) => {
  expect(findJsonError(text)).toMatchObject({ at, expected });
});

test("the hint about quotes appears only when the shell may have removed them", () => {
  expect(() => readJsonInput("{from: 1}")).toThrow(/single quotes/);
  expect(() => readJsonInput('{"from" 1}')).not.toThrow(/single quotes/);
  expect(() => readJsonInput("[1")).not.toThrow(/single quotes/);
});
