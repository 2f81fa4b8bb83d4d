import fc from "fast-check";
import { expect, it } from "vitest";
import { correctionIn } from "#rules/personal-ops/chat-corrections.ts";

it("finds what is wrong and what is right in each form", () => {
  const found = [
    "Correction: the meeting is on Tuesday, not on Monday.",
    "No, Acme's phone should be 555-0100 and not 555-0199",
    "actually, the meeting: not Monday but Tuesday. Please move it.",
    "Wrong! meeting: Monday -> Tuesday",
    "That's wrong: the version is v1.2, not v1.1. Sorry",
  ].map(correctionIn);
  expect(found).toEqual([
    { subject: "the meeting", wrong: "on Monday", right: "on Tuesday" },
    { subject: "Acme's phone", wrong: "555-0199", right: "555-0100" },
    { subject: "the meeting", wrong: "Monday", right: "Tuesday" },
    { subject: "meeting", wrong: "Monday", right: "Tuesday" },
    { subject: "the version", wrong: "v1.1", right: "v1.2" },
  ]);
});

it("finds nothing without a marker at the begin, or without one of the forms", () => {
  const texts = [
    "The meeting is on Tuesday, not on Monday",
    "No, thank you",
    "Nothing is here, not even me",
    "No: ->",
    "",
  ];
  expect(texts.map(correctionIn)).toEqual(texts.map(() => undefined));
});

it("has three parts that are not empty for any text", () => {
  const word = fc.constantFrom("is", "not", "but", ":", "->", ",", "a", " ", "\n", ".", "No, ", "Correction: ");
  fc.assert(
    fc.property(fc.array(word, { maxLength: 300 }), (words) => {
      const found = correctionIn(`No, ${words.join(" ")}`);
      if (!found) return;
      const { subject, wrong, right } = found;
      expect([subject, wrong, right].map((part) => part.trim())).not.toContain("");
    }),
  );
});
