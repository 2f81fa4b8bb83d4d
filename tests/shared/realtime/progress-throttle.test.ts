import fc from "fast-check";
import { expect, test } from "vitest";
import { runReferenceOf } from "#realtime/job-events.ts";
import type { LiveEvent } from "#realtime/live-event.ts";
import { ProgressThrottle } from "#realtime/progress-throttle.ts";
import { note, progress, stateChange } from "./sample-events.ts";

const doneOf = (events: readonly LiveEvent[]) => events.map(({ data }) => (data as { done?: number }).done);

test("the first event passes at once, and the latest of the following ones after the interval", () => {
  const pace = new ProgressThrottle(500);
  expect(doneOf(pace.offer(progress(1), 0))).toEqual([1]);
  expect(pace.offer(progress(2), 100)).toEqual([]);
  expect(pace.offer(progress(3), 499)).toEqual([]);
  expect(pace.nextDue()).toBe(500);
  expect(pace.due(499)).toEqual([]);
  expect(doneOf(pace.due(500))).toEqual([3]);
  expect(pace.offer(progress(4), 900)).toEqual([]);
  expect(doneOf(pace.due(1_000))).toEqual([4]);
});

test("the held progress of a run is sent before its end", () => {
  const pace = new ProgressThrottle(500);
  pace.offer(progress(1), 0);
  pace.offer(progress(2), 10);
  const end = stateChange("succeeded");
  const [held, last] = pace.offer(end, 20);
  expect(held?.data).toMatchObject({ done: 2 });
  expect(last).toBe(end);
  expect(pace.due(10_000)).toEqual([]);
});

test("runs do not wait for each other, and other events do not wait", () => {
  const pace = new ProgressThrottle(500);
  pace.offer(progress(1, 1), 0);
  expect(doneOf(pace.offer(progress(1, 2), 1))).toEqual([1]);
  const other = note("a");
  expect(pace.offer(other, 2)).toEqual([other]);
});

test("a run without events for a while is forgotten", () => {
  const pace = new ProgressThrottle(500);
  pace.offer(progress(1), 0);
  pace.due(500);
  expect(pace.nextDue()).toBeUndefined();
});

test("for any events: no run exceeds its rate, the order stays, and the last event is always sent", () => {
  const step = fc.record({
    run: fc.integer({ min: 1, max: 3 }),
    after: fc.integer({ min: 0, max: 400 }),
    ends: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pace = new ProgressThrottle(500);
      const out: { at: number; event: LiveEvent; ahead: boolean }[] = [];
      const last = new Map<string, number>();
      let now = 0;
      const take = (events: readonly LiveEvent[]) => {
        const ahead = events.length === 2;
        for (const event of events) out.push({ at: now, event, ahead });
      };
      const passUntil = (end: number) => {
        for (let due = pace.nextDue(); due !== undefined && due <= end; due = pace.nextDue()) {
          now = due;
          take(pace.due(now));
        }
        now = end;
      };
      steps.forEach(({ run, after, ends }, index) => {
        passUntil(now + after);
        const event = ends === 0 ? stateChange("running", run) : progress(index, run);
        if (ends > 0) last.set(runReferenceOf(event)?.runId ?? "", index);
        take(pace.offer(event, now));
      });
      passUntil(now + 1_000);
      for (const [runId, index] of last) {
        const mine = out.filter(
          ({ event }) => runReferenceOf(event)?.runId === runId && runReferenceOf(event)?.isProgress,
        );
        const done = mine.map(({ event }) => doneOf([event])[0] ?? -1);
        expect(done.at(-1)).toBe(index);
        expect(done).toEqual(done.toSorted((a, b) => a - b));
        mine.forEach(({ at, ahead }, n) => {
          if (n > 0 && !ahead) expect(at - (mine[n - 1]?.at ?? 0)).toBeGreaterThanOrEqual(500);
        });
      }
    }),
  );
});
