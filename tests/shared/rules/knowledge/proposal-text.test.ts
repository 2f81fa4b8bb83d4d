import { describe, expect, it } from "vitest";
import { atomTexts, contentHash, exactKey, normalisedText, topicTexts } from "#rules/knowledge/proposal-text.ts";

describe("the normalised text", () => {
  it.each([
    ["case and spaces", "  Backups   run\tNightly ", "backups run nightly"],
    ["typographic signs", "“It’s” – done…", '"it\'s" - done'],
    ["compatible forms", "ﬁle №1 ｆｕｌｌ", "file no1 full"],
    ["composed letters", "Cafe\u0301", "café"],
    ["line ends and invisible signs", "zero\u200bwidth\r\nline", "zero width line"],
    ["punctuation at the end", "Why?!  ", "why"],
  ])("ignores %s", (_what, text, expected) => {
    expect(normalisedText(text)).toBe(expected);
  });

  it.each([
    ["C", "C++"],
    ["C", "C#"],
    ["5 %", "-5 %"],
    ["1.5", "15"],
    ["resume", "résumé"],
    ["!", "?"],
    ["👍", "👎"],
  ])("keeps %s and %s apart", (one, other) => {
    expect(exactKey(one)).not.toEqual(exactKey(other));
  });

  it("is not empty for a text of signs alone", () => {
    expect(normalisedText("?!")).toBe("?!");
    expect(normalisedText("👍")).toBe("👍");
  });

  it("takes linear time for a long run of signs", () => {
    expect(normalisedText(`a${"!".repeat(200_000)}`)).toBe("a");
    expect(normalisedText("! ".repeat(100_000) + "a")).toHaveLength(200_001);
  });
});

it("topics are the same by name, atoms by content; both are embedded whole", () => {
  expect(topicTexts("Backups", "")).toEqual({ embedded: "Backups", exact: "Backups" });
  expect(topicTexts("Backups", "Nightly.")).toEqual({ embedded: "Backups\nNightly.", exact: "Backups" });
  expect(atomTexts("When", "At two.")).toEqual({ embedded: "When\nAt two.", exact: "At two." });
  expect(contentHash("Backups\nNightly.").toString("hex")).toMatch(/^[0-9a-f]{64}$/);
});
