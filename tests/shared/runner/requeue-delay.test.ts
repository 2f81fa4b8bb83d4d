import { expect, it } from "vitest";
import { requeueDelay } from "#runner/requeue-delay.ts";

const due = new Date("2026-03-10T12:00:00Z");
const after = (seconds: number) => new Date(due.getTime() + seconds * 1_000);

/** Seconds after it was due at which a run looks, when each look finds it no further. */
function looksOf(run: Parameters<typeof requeueDelay>[0], most: number): number[] {
  const looks: number[] = [];
  for (let now = due; looks.length < most;) {
    const [next] = requeueDelay(run, { isFirst: false, now });
    if (!next) break;
    now = next.notBefore!;
    looks.push((now.getTime() - due.getTime()) / 1_000);
  }
  return looks;
}

it("a run that waits for its key looks ever more seldom, and then leaves it to the sweep", () => {
  expect(looksOf({ notBefore: due, concurrencyKey: "a" }, 100)).toEqual([1, 2, 4, 8, 16]);
});

it("a slot without a key looks each second, since nothing tells it that the one before it has started", () => {
  expect(looksOf({ notBefore: due, concurrencyKey: null }, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

it.each([
  ["that is due in an hour comes back then", 3_600, 3_600],
  ["whose message came a moment too early comes back a little later, not at once", 0.002, 1],
])("a run %s", (_what, inSeconds, seconds) => {
  for (const concurrencyKey of ["a", null])
    expect(requeueDelay({ notBefore: after(inSeconds), concurrencyKey }, { isFirst: false, now: due })).toEqual([
      { notBefore: after(seconds), concurrencyKey },
    ]);
});

it("a run that could have started, and was passed over since it was looked at twice at once, looks again at once", () => {
  const run = { notBefore: due, concurrencyKey: "a" };
  expect(requeueDelay(run, { isFirst: true, now: after(100) })).toEqual([{ ...run, notBefore: after(100.05) }]);
});
