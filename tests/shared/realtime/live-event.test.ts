import { expect, test } from "vitest";
import { channelName, liveEventSchema } from "#realtime/live-event.ts";
import { note } from "./sample-events.ts";

test("a new event has its own id and the given time", () => {
  const [first, second] = [note("a"), note("a")];
  expect(liveEventSchema.parse(first)).toEqual(first);
  expect(first.time).toBe("2026-03-10T12:00:00.000Z");
  expect(first.id).not.toBe(second.id);
});

test.each(["jobs", "system_notifications", "liens:travis", "a.b-c"])("%s is a channel", (name) => {
  expect(channelName.parse(name)).toBe(name);
});

test.each(["", " ", "Jobs", "1st", "a b", "a/b", "a".repeat(129)])("%j is not a channel", (name) => {
  expect(() => channelName.parse(name)).toThrow(/as in jobs or liens:travis/);
});
