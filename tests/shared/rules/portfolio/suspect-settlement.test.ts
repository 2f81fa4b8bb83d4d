import { expect, it } from "vitest";
import { isSameValue, type LaterAnswer, settlements } from "#rules/portfolio/suspect-settlement.ts";

const POINT = { id: 7, date: "2026-04-09", value: "12.50" };

/** An answer of 2026-04-07 to -10 in which the day has a plausible value. */
function answer(value: string | undefined, given: Partial<LaterAnswer> = {}): LaterAnswer {
  const accepted = new Map(value === undefined ? [] : [[POINT.date, { value, confirmation: null }]]);
  return { source: "yahoo", first: "2026-04-07", last: "2026-04-10", accepted, held: new Set(), ...given };
}

it.each<[string, LaterAnswer, string | null]>([
  ["is accepted when the same value is plausible now", answer("12.5"), "accepted: it agrees with its neighbours now"],
  [
    "is accepted with the confirmation of a jump",
    answer(undefined, {
      accepted: new Map([[POINT.date, { value: "12.50", confirmation: "the next day confirms it" }]]),
    }),
    "accepted: the next day confirms it",
  ],
  ["is rejected when the source corrected it", answer("125"), "rejected: yahoo corrected it to 125"],
  ["is rejected when the source lacks its day now", answer(undefined), "rejected: yahoo no longer has the day"],
  ["stays when it is still implausible", answer("12.50", { held: new Set([POINT.date]) }), null],
  ["stays when the answer begins after it", answer("12.50", { first: "2026-04-10" }), null],
  ["stays when the answer ends before it", answer("12.50", { last: "2026-04-08" }), null],
])("a held point %s", (_, later, expected) => {
  const settled = settlements([POINT], later).map(({ state, resolution }) => `${state}: ${resolution}`);
  expect(settled).toEqual(expected === null ? [] : [expected]);
});

it.each([
  ["12.50", "12.5", true],
  ["12.5", "12.5", true],
  ["12.5", "125", false],
  ["", "12.5", false],
])("%j and %j are the same value: %s", (one, other, isSame) => {
  expect(isSameValue(one, other)).toBe(isSame);
});
