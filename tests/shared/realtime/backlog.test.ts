import fc from "fast-check";
import { expect, test } from "vitest";
import { Backlog } from "#realtime/backlog.ts";
import { fitted } from "#realtime/fit.ts";
import { runOf } from "#realtime/job-events.ts";
import type { LiveEvent } from "#realtime/live-event.ts";
import { note, progress, stateChange } from "./events.ts";

const waiting = (event: LiveEvent) => fitted(event, 1_000_000);

function contents(backlog: Backlog): LiveEvent[] {
  const events = [];
  for (let batch = backlog.next(1_000_000); batch.length > 0; batch = backlog.next(1_000_000)) {
    events.push(...batch.map(({ event }) => event));
    backlog.remove(batch);
  }
  return events;
}

test("what goes together is of one channel, in order, and no larger than a message", () => {
  const backlog = new Backlog({ maxEvents: 10, maxBytes: 1_000_000 });
  const [a, b, c, d] = [note("1", "a"), note("2", "b"), note("3", "a"), note("4", "a")].map(waiting);
  for (const entry of [a, b, c, d]) if (entry) backlog.add(entry);
  const two = JSON.stringify([a?.event, c?.event]).length;
  expect(backlog.next(two)).toEqual([a, c]);
  expect(backlog.next(two - 1)).toEqual([a]);
  expect(backlog.next(0)).toEqual([a]);
  backlog.remove(backlog.next(two));
  expect(backlog.next(1_000_000)).toEqual([b]);
});

test("of a run's progress the latest waits alone", () => {
  const backlog = new Backlog({ maxEvents: 10, maxBytes: 1_000_000 });
  const latest = progress(2);
  expect([progress(1), latest].map((event) => backlog.add(waiting(event)))).toEqual([0, 0]);
  expect(contents(backlog)).toEqual([latest]);
});

test("progress that came while its forerunner was being sent is not taken for sent", () => {
  const backlog = new Backlog({ maxEvents: 10, maxBytes: 1_000_000 });
  backlog.add(waiting(progress(1)));
  const underWay = backlog.next(1_000_000);
  const newer = progress(2);
  backlog.add(waiting(newer));
  backlog.remove(underWay);
  expect(contents(backlog)).toEqual([newer]);
});

test("when it is full, the oldest progress goes first, then the oldest event", () => {
  const backlog = new Backlog({ maxEvents: 3, maxBytes: 1_000_000 });
  const [queued, running, done] = [stateChange("queued"), stateChange("running"), stateChange("succeeded")];
  const second = progress(1, 2);
  for (const event of [queued, progress(1, 1), second]) backlog.add(waiting(event));
  expect(backlog.add(waiting(running))).toBe(1);
  expect(backlog.add(waiting(done))).toBe(1);
  expect(backlog.add(waiting(progress(1, 3)))).toBe(1);
  expect(backlog.add(waiting(note("latest", "jobs")))).toBe(1);
  expect(contents(backlog).map(({ type }) => type)).toEqual(["run.state_changed", "run.state_changed", "note.written"]);
});

test("whatever is added: the limits hold, every event is waiting or counted, and order stays", () => {
  const event = fc.oneof(
    fc.integer({ min: 1, max: 4 }).map((run) => () => progress(1, run)),
    fc.integer({ min: 1, max: 4 }).map((run) => () => stateChange("running", run)),
    fc.string({ maxLength: 400 }).map((text) => () => note(text, "jobs")),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (makers) => {
      const backlog = new Backlog({ maxEvents: 8, maxBytes: 3_000 });
      const added = makers.map((make) => make());
      let dropped = 0;
      let replaced = 0;
      for (const each of added) {
        const before = backlog.size;
        const gone = backlog.add(waiting(each));
        dropped += gone;
        if (runOf(each)?.isProgress) replaced += before + 1 - gone - backlog.size;
      }
      expect(backlog.size).toBeLessThanOrEqual(8);
      expect(backlog.size + dropped + replaced).toBe(added.length);
      const left = contents(backlog);
      expect(left.reduce((sum, each) => sum + waiting(each).bytes, 0)).toBeLessThanOrEqual(3_000);
      const ids = left.map(({ id }) => id);
      expect(ids).toEqual(added.map(({ id }) => id).filter((id) => ids.includes(id)));
    }),
  );
});
