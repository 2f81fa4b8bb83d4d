import fc from "fast-check";
import { expect, test } from "vitest";
import { liveEvent } from "#realtime/live-event.ts";
import { truncateEvent } from "#realtime/truncate-event.ts";
import { NOW } from "./sample-events.ts";

const event = (data: unknown) => liveEvent({ type: "thing.changed", channel: "jobs", data }, NOW);

test("an event that fits is unchanged", () => {
  const small = event({ list: [1, "é"] });
  expect(truncateEvent(small, 1_000)).toEqual({ event: small, bytes: Buffer.byteLength(JSON.stringify(small)) });
});

test("data that is too large keeps its shape and its short parts, and is marked as truncated", () => {
  const { event: cut, bytes } = truncateEvent(
    event({ id: 7, text: "x".repeat(100_000), list: Array.from({ length: 10_000 }, (_, n) => n) }),
    20_000,
  );
  expect(bytes).toBeLessThanOrEqual(20_000);
  expect(cut).toMatchObject({ truncated: true, data: { id: 7 } });
  const { text, list } = cut.data as { text: string; list: number[] };
  expect(text).toMatch(/^x{4096}…$/);
  expect(list).toHaveLength(200);
});

test("a character is never split", () => {
  const { event: cut } = truncateEvent(event(`a${"😀".repeat(10_000)}`), 20_000);
  expect((cut.data as string).isWellFormed()).toBe(true);
});

test("data that is not JSON does not prevent an event", () => {
  const circle: Record<string, unknown> = { big: 10n ** 30n, when: NOW, none: undefined, bad: NaN };
  circle.self = circle;
  expect(truncateEvent(event(circle), 1_000).event.data).toEqual({
    big: "1000000000000000000000000000000",
    when: NOW.toISOString(),
    bad: "NaN",
    self: "[circular]",
  });
});

test("for any data the event fits, and is unchanged when it fitted before", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.integer({ min: 400, max: 3_000 }), (json, limit) => {
      const original = event(JSON.parse(json));
      const { event: sent, bytes } = truncateEvent(original, limit);
      expect(bytes).toBe(Buffer.byteLength(JSON.stringify(sent)));
      expect(bytes).toBeLessThanOrEqual(limit);
      if (!sent.truncated) expect(JSON.stringify(sent)).toBe(JSON.stringify(original));
    }),
    { numRuns: 300 },
  );
});
