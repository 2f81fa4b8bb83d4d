import fc from "fast-check";
import { expect, it } from "vitest";
import { textChunks } from "#rules/knowledge/text-chunks.ts";

it("divides at an empty line, else a line, else a sentence, else a space", () => {
  expect(textChunks("one two\n\nthree four", 12)).toEqual(["one two", "three four"]);
  expect(textChunks("one two\nthree four", 12)).toEqual(["one two", "three four"]);
  expect(textChunks("one two. three four", 12)).toEqual(["one two.", "three four"]);
  expect(textChunks("one two three", 9)).toEqual(["one two", "three"]);
});

it("no part is empty, too long or ends within a character, and only spaces are lost", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", " ", "\n", ". ", "🎉"), maxLength: 300 }),
      fc.integer({ min: 4, max: 40 }),
      (text, most) => {
        const chunks = textChunks(text, most);
        for (const chunk of chunks) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length).toBeLessThanOrEqual(most);
          expect(chunk.isWellFormed()).toBe(true);
        }
        expect(chunks.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
      },
    ),
  );
});
