import { expect, it } from "vitest";
import { requeueDelay } from "#runner/requeue-delay.ts";

const due = new Date("2026-03-10T12:00:00Z");
const after = (seconds: number) => new Date(due.getTime() + seconds * 1_000);

/** Seconds after its due time at which a run is claimed, when no claim succeeds. */
function delaysOf(run: Parameters<typeof requeueDelay>[0], most: number): number[] {
  const claims: number[] = [];
  for (let now = due; claims.length < most;) {
    const [next] = requeueDelay(run, { isFirstInLine: false, now });
    if (!next) break;
    now = next.notBefore!;
    claims.push((now.getTime() - due.getTime()) / 1_000);
  }
  return claims;
}

it("a run that waits for its concurrency key is requeued with a doubling delay, then left to the sweep", () => {
  expect(delaysOf({ notBefore: due, concurrencyKey: "a" }, 100)).toEqual([1, 2, 4, 8, 16]);
});

it("a slot without a concurrency key is requeued each second, since the start of the one before dispatches nothing", () => {
  expect(delaysOf({ notBefore: due, concurrencyKey: null }, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

it.each([
  ["that is due in an hour is requeued for then", 3_600, 3_600],
  ["whose message arrives a moment too early is requeued a little later, not at once", 0.002, 1],
])("a run %s", (_what, inSeconds, seconds) => {
  for (const concurrencyKey of ["a", null])
    expect(requeueDelay({ notBefore: after(inSeconds), concurrencyKey }, { isFirstInLine: false, now: due })).toEqual([
      { notBefore: after(seconds), concurrencyKey },
    ]);
});

it("a run that could start, and that two concurrent claims both skipped, is requeued at once", () => {
  const run = { notBefore: due, concurrencyKey: "a" };
  expect(requeueDelay(run, { isFirstInLine: true, now: after(100) })).toEqual([{ ...run, notBefore: after(100.05) }]);
});
