import { expect, test } from "vitest";
import { afterCommit } from "../../../shared/realtime/after-commit.ts";
import type { LiveEvent } from "../../../shared/realtime/live-event.ts";
import { note } from "./events.ts";

test("events wait for the commit, and go once and in order", async () => {
  const published: (readonly LiveEvent[])[] = [];
  const events = afterCommit(async (batch) => void published.push(batch));
  const [first, second, third] = [note("1"), note("2"), note("3")];
  events.add(first);
  events.add(second);
  expect(published).toEqual([]);
  await events.flush();
  events.add(third);
  await events.flush();
  await events.flush();
  expect(published).toEqual([[first, second], [third]]);
});

test("a failure to publish is no failure of the work that has committed", async () => {
  const events = afterCommit(() => Promise.reject(new Error("the service is gone")));
  events.add(note("1"));
  await expect(events.flush()).resolves.toBeUndefined();
});
