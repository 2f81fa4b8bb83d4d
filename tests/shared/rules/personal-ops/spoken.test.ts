import { expect, it, test } from "vitest";
import { firstWords, spoken, wordCount } from "#rules/personal-ops/spoken.ts";

test.each([
  ["0 and 13", "zero and thirteen"],
  ["1,204 rows", "one thousand two hundred four rows"],
  ["2026-11-30", "November thirtieth, twenty twenty-six"],
  ["2009-01-02T03:04:05Z", "January second, two thousand nine three oh four a.m."],
  ["from 00:00 to 12:00, then 23:59", "from midnight to noon, then eleven fifty-nine p.m."],
  ["97.5% of $12", "ninety-seven point five percent of twelve dollars"],
  ["version 1.20.3", "version one point twenty point three"],
  ["the 21st, 30th and 112th", "the twenty-first, thirtieth and one hundred twelfth"],
  ["code 007", "code zero zero seven"],
  ["-5 degrees", "minus five degrees"],
  ["n8n & SEV0", "n eight n and SEV zero"],
  ["1000001", "one million one"],
  ["٤٢", "forty-two"],
  ["2026-13-45", "two thousand twenty-six thirteen forty-five"],
])("%s is spoken as %s", (text, words) => {
  expect(spoken(text)).toBe(words);
});

it("counts the parts of a compound and of a long word", () => {
  expect(wordCount("twenty-one calls")).toBe(3);
  expect(wordCount("a".repeat(29))).toBe(3);
  expect(wordCount("日本語")).toBe(3);
  expect(wordCount(" , . ")).toBe(0);
});

it("shortens to whole words", () => {
  expect(firstWords("one two, three four", 2)).toBe("one two");
  expect(firstWords("twenty-one calls", 1)).toBe("");
});
