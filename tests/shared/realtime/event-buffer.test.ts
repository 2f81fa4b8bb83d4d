import fc from "fast-check";
import { expect, test } from "vitest";
import { EventBuffer } from "#realtime/event-buffer.ts";
import { runReferenceOf } from "#realtime/job-events.ts";
import type { LiveEvent } from "#realtime/live-event.ts";
import { truncateEvent } from "#realtime/truncate-event.ts";
import { note, progress, stateChange } from "./sample-events.ts";

const pending = (event: LiveEvent) => truncateEvent(event, 1_000_000);

function contents(buffer: EventBuffer): LiveEvent[] {
  const events = [];
  for (let batch = buffer.nextBatch(1_000_000); batch.length > 0; batch = buffer.nextBatch(1_000_000)) {
    events.push(...batch.map(({ event }) => event));
    buffer.remove(batch);
  }
  return events;
}

test("a batch has events of one channel, in order, and is no larger than a message", () => {
  const buffer = new EventBuffer({ maxEvents: 10, maxBytes: 1_000_000 });
  const [a, b, c, d] = [note("1", "a"), note("2", "b"), note("3", "a"), note("4", "a")].map(pending);
  for (const entry of [a, b, c, d]) if (entry) buffer.add(entry);
  const two = JSON.stringify([a?.event, c?.event]).length;
  expect(buffer.nextBatch(two)).toEqual([a, c]);
  expect(buffer.nextBatch(two - 1)).toEqual([a]);
  expect(buffer.nextBatch(0)).toEqual([a]);
  buffer.remove(buffer.nextBatch(two));
  expect(buffer.nextBatch(1_000_000)).toEqual([b]);
});

test("only the latest progress of a run waits", () => {
  const buffer = new EventBuffer({ maxEvents: 10, maxBytes: 1_000_000 });
  const latest = progress(2);
  expect([progress(1), latest].map((event) => buffer.add(pending(event)))).toEqual([0, 0]);
  expect(contents(buffer)).toEqual([latest]);
});

test("progress that arrives while the previous one is sent stays in the buffer", () => {
  const buffer = new EventBuffer({ maxEvents: 10, maxBytes: 1_000_000 });
  buffer.add(pending(progress(1)));
  const underWay = buffer.nextBatch(1_000_000);
  const newer = progress(2);
  buffer.add(pending(newer));
  buffer.remove(underWay);
  expect(contents(buffer)).toEqual([newer]);
});

test("at its limit it drops the oldest progress first, then the oldest event", () => {
  const buffer = new EventBuffer({ maxEvents: 3, maxBytes: 1_000_000 });
  const [queued, running, done] = [stateChange("queued"), stateChange("running"), stateChange("succeeded")];
  const second = progress(1, 2);
  for (const event of [queued, progress(1, 1), second]) buffer.add(pending(event));
  expect(buffer.add(pending(running))).toBe(1);
  expect(buffer.add(pending(done))).toBe(1);
  expect(buffer.add(pending(progress(1, 3)))).toBe(1);
  expect(buffer.add(pending(note("latest", "jobs")))).toBe(1);
  expect(contents(buffer).map(({ type }) => type)).toEqual(["run.state_changed", "run.state_changed", "note.written"]);
});

test("for any events: the limits hold, every event waits or is counted as dropped, and the order stays", () => {
  const event = fc.oneof(
    fc.integer({ min: 1, max: 4 }).map((run) => () => progress(1, run)),
    fc.integer({ min: 1, max: 4 }).map((run) => () => stateChange("running", run)),
    fc.string({ maxLength: 400 }).map((text) => () => note(text, "jobs")),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (makers) => {
      const buffer = new EventBuffer({ maxEvents: 8, maxBytes: 3_000 });
      const added = makers.map((make) => make());
      let dropped = 0;
      let replaced = 0;
      for (const each of added) {
        const before = buffer.size;
        const gone = buffer.add(pending(each));
        dropped += gone;
        if (runReferenceOf(each)?.isProgress) replaced += before + 1 - gone - buffer.size;
      }
      expect(buffer.size).toBeLessThanOrEqual(8);
      expect(buffer.size + dropped + replaced).toBe(added.length);
      const left = contents(buffer);
      expect(left.reduce((sum, each) => sum + pending(each).bytes, 0)).toBeLessThanOrEqual(3_000);
      const ids = left.map(({ id }) => id);
      expect(ids).toEqual(added.map(({ id }) => id).filter((id) => ids.includes(id)));
    }),
  );
});
