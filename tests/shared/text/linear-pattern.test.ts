import fc from "fast-check";
import { expect, it } from "vitest";
import { patternFault, wholeMatch } from "#text/linear-pattern.ts";

it.each([
  ["^\\d{4}-\\d{5}$", "2024-00017", true],
  ["\\d{4}-\\d{5}", "x2024-00017", false],
  ["CP-[0-9]{4}-[0-9]+", "CP-2024-7", true],
  ["a|ab", "ab", true],
  ["(?i)cp\\d", "CP1", true],
])("the pattern %s matches the whole of %s: %s", (pattern, text, matches) => {
  expect(wholeMatch(pattern)(text)).toBe(matches);
});

it.each([
  ["(?=a)b", "lookaround is not supported: remove (?=…)"],
  ["x(?!a)", "lookaround is not supported: remove (?!…)"],
  ["(?<=a)b", "lookaround is not supported: remove (?<=…)"],
  ["(?<!x)y", "lookaround is not supported: remove (?<!…)"],
  ["(a)\\1", "backreferences are not supported: remove \\1"],
  ["(?<y>a)\\k<y>", "backreferences are not supported: remove \\k"],
  ["[", "missing closing ]: `[`"],
  ["a{9999}", "invalid repeat count: `{9999}`"],
])("the pattern %s is refused: %s", (pattern, fault) => {
  expect(patternFault(pattern)).toBe(fault);
  expect(() => wholeMatch(pattern)).toThrow(new RangeError(fault));
});

it.each(["(a+)+", "(a|aa)+", "(?:a*)*", "(\\w+\\s?)+", "(.*)(.*)(.*)(.*)b"])(
  "a hostile text does not block the pattern %s",
  (pattern) => {
    expect(wholeMatch(pattern)(`${"a".repeat(10_000)}!`)).toBe(false);
  },
);

it("an arbitrary text is a pattern or is refused with a reason", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), fc.string({ maxLength: 30 }), (pattern, text) => {
      const fault = patternFault(pattern);
      if (fault === undefined) expect(typeof wholeMatch(pattern)(text)).toBe("boolean");
      else expect(fault).not.toBe("");
    }),
  );
});
