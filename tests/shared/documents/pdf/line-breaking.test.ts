import fc from "fast-check";
import { expect, it } from "vitest";
import { inVisualOrder, linesOf } from "#documents/pdf/line-breaking.ts";

const measure = (text: string) => Array.from(text).length;

it("no line is wider than allowed, and no letter is lost", () => {
  const property = fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 8, max: 40 }), (text, width) => {
    const lines = linesOf(text, width, measure);
    for (const line of lines) expect(measure(line)).toBeLessThanOrEqual(width);
    expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(/[ \n]/g, ""));
  });
  fc.assert(property);
});

it("keeps the line breaks of a text", () => {
  expect(linesOf("a\n\nb c", 80, measure)).toEqual(["a", "", "b c"]);
});

it("reverses the words of a right-to-left run with its numbers, and leaves the rest", () => {
  const [owner, first, second, third] = ["Owner:", "\u05d0", "\u05d1", "\u05d2"];
  expect(inVisualOrder(`${owner} ${first} ${second} 12 ${third} of Phoenix`)).toEqual([
    ...[owner, third, "12", second, first, "of", "Phoenix"],
  ]);
  expect(inVisualOrder("plain text")).toEqual(["plain text"]);
});
