import { expect, it } from "vitest";
import { MessageHold } from "#azure/message-hold.ts";

const outage = new Error("PostgreSQL is unreachable");
const messages = { queue: "job-runs", count: 3, areInLedger: true };

/** A hold whose pauses take no time, but move its clock. */
function aHold() {
  const lines: [string, unknown][] = [];
  const pauses: number[] = [];
  const stopping = new AbortController();
  let now = 0;
  const hold = new MessageHold({
    log: {
      warn: (message: string, fields: unknown) => void lines.push([message, fields]),
      info: (message: string, fields: unknown) => void lines.push([message, fields]),
    },
    isOutage: (error) => error === outage,
    stopping: stopping.signal,
    pause: async (ms) => {
      pauses.push(ms);
      now += ms;
    },
    elapsed: () => now,
  });
  return { hold, lines, pauses, stopping };
}

/** Fails with the error this many times, then succeeds. */
function failing(error: Error, times: number) {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw error;
  };
}

it("handles messages again with growing pauses until the database is back", async () => {
  const { hold, lines, pauses } = aHold();
  await hold.handle(messages, failing(outage, 5));
  expect(pauses).toEqual([250, 500, 1_000, 2_000, 2_000]);
  expect(lines).toEqual([
    ["Messages wait until PostgreSQL is reachable", { queue: "job-runs", error: outage }],
    ["Messages are handled again", { held: 3, leftToSweep: 0, seconds: 6 }],
  ]);
});

it("completes messages that the outage outlasts, and counts them", async () => {
  const { hold, lines, pauses } = aHold();
  await hold.handle(messages, failing(outage, Infinity));
  expect(pauses.reduce((sum, ms) => sum + ms)).toBeLessThan(30_000);
  await hold.handle({ ...messages, queue: "send-notification", count: 2 }, failing(outage, 0));
  expect(lines.map(([message]) => message)).toEqual([
    "Messages wait until PostgreSQL is reachable",
    "Messages are handled again",
  ]);
  expect(lines[1]![1]).toMatchObject({ held: 3, leftToSweep: 3 });
});

it("counts once a minute during an outage", async () => {
  const { hold, lines } = aHold();
  for (let i = 0; i < 10; i++) await hold.handle(messages, failing(outage, Infinity));
  const counts = lines.filter(([message]) => message === "Messages still wait until PostgreSQL is reachable");
  expect(counts.length).toBeGreaterThan(1);
  expect(counts.length).toBeLessThan(5);
  expect(lines).toHaveLength(1 + counts.length);
});

it("returns messages that are not in the ledger to the broker", async () => {
  const { hold } = aHold();
  await expect(hold.handle({ ...messages, areInLedger: false }, failing(outage, Infinity))).rejects.toBe(outage);
});

it("fails at once for another error", async () => {
  const { hold, lines, pauses } = aHold();
  const other = new Error("no such function");
  await expect(hold.handle(messages, failing(other, 1))).rejects.toBe(other);
  expect([lines, pauses]).toEqual([[], []]);
});

it("ends when the process stops", async () => {
  const { hold, pauses, stopping } = aHold();
  stopping.abort();
  await hold.handle(messages, failing(outage, Infinity));
  expect(pauses).toEqual([]);
});
