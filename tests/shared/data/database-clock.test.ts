import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { DatabaseClock, readDatabaseClock } from "#data/database-clock.ts";
import { openDatabase } from "#support/database.ts";

const { db } = await openDatabase();
const HOUR = 3_600_000;

/** A process whose clocks the test moves, and a database whose clock it moves too. */
function machine({ aheadMs = 0 } = {}) {
  const state = { elapsed: 0, aheadMs, database: Date.UTC(2026, 2, 10, 12), asked: 0, roundTripMs: 0, isAway: false };
  const start = state.database;
  const pass = (ms: number) => {
    state.elapsed += ms;
    state.database += ms;
  };
  const clock = new DatabaseClock(
    async () => {
      state.asked += 1;
      if (state.isAway) throw new Error("the database is away");
      pass(state.roundTripMs / 2);
      const answer = state.database;
      pass(state.roundTripMs / 2);
      return answer;
    },
    { process: { wall: () => start + state.elapsed + state.aheadMs, elapsed: () => state.elapsed } },
  );
  return { state, pass, clock, errorMs: () => clock.now().getTime() - state.database };
}

it("before the first measurement, it is the clock of the process", () => {
  const { clock, errorMs } = machine({ aheadMs: 2 * HOUR });
  expect(errorMs()).toBe(2 * HOUR);
  expect(clock.aheadMs).toBeNull();
});

it("after it, it is the database's clock also when the time of day of the process changes", async () => {
  const { clock, state, pass, errorMs } = machine({ aheadMs: 2 * HOUR });
  await clock.sync();
  for (const aheadMs of [2 * HOUR, -HOUR, 0]) {
    state.aheadMs = aheadMs;
    pass(7_000);
    expect(errorMs()).toBe(0);
    expect(clock.aheadMs).toBe(aheadMs);
  }
});

it("a measurement serves for 30 seconds, and concurrent callers share one", async () => {
  const { clock, state, pass } = machine();
  await Promise.all([clock.sync(), clock.sync(), clock.sync()]);
  pass(29_000);
  await clock.sync();
  expect(state.asked).toBe(1);
  pass(2_000);
  await clock.sync();
  expect(state.asked).toBe(2);
});

it("a step of the process's time of day is measured at once", async () => {
  const { clock, state } = machine();
  await clock.sync();
  state.aheadMs = HOUR;
  await clock.sync();
  expect(state.asked).toBe(2);
  expect(clock.aheadMs).toBe(HOUR);
});

it("a process that was suspended with its monotonic clock finds the time again", async () => {
  const { clock, state, errorMs } = machine();
  await clock.sync();
  state.database += HOUR;
  state.aheadMs += HOUR;
  await clock.sync();
  expect(errorMs()).toBe(0);
});

it("a step of the database's clock is followed, forward and back", async () => {
  const { clock, state, pass, errorMs } = machine();
  await clock.sync();
  for (const step of [HOUR, -2 * HOUR]) {
    state.database += step;
    pass(31_000);
    await clock.sync();
    expect(errorMs()).toBe(0);
  }
});

it("a long round trip costs no precision, and never more than half of it", async () => {
  const { clock, state, pass, errorMs } = machine();
  state.roundTripMs = 10;
  await clock.sync();
  const before = errorMs();
  state.roundTripMs = 4_000;
  pass(31_000);
  await clock.sync();
  expect(Math.abs(errorMs() - before)).toBeLessThanOrEqual(1);
});

it("time does not go back by the difference of two measurements", async () => {
  const { clock, state, pass } = machine();
  state.roundTripMs = 20;
  await clock.sync();
  const seen = [clock.now()];
  for (const drift of [-8, 5, -9]) {
    state.database += drift;
    state.roundTripMs = 1;
    pass(31_000);
    await clock.sync();
    seen.push(clock.now());
  }
  expect(seen).toEqual([...seen].sort((a, b) => a.getTime() - b.getTime()));
});

it("without the database, it continues from the last measurement, and sync rejects", async () => {
  const { clock, state, pass, errorMs } = machine({ aheadMs: HOUR });
  await clock.refresh();
  state.isAway = true;
  pass(10 * 60_000);
  await expect(clock.sync()).rejects.toThrow("the database is away");
  expect(errorMs()).toBe(0);
  await clock.refresh();
  expect(state.asked, "the background waits after a failure").toBe(2);
  pass(6_000);
  state.isAway = false;
  await clock.refresh();
  expect(state.asked).toBe(3);
});

it("reads the clock of the real database in milliseconds", async () => {
  const [before, read] = [Date.now(), await readDatabaseClock(db)];
  const [row] = await db.execute<{ now: string }>(sql`select clock_timestamp() as now`);
  expect(read).toBeLessThanOrEqual(new Date(row!.now).getTime() + 1);
  expect(read).toBeGreaterThan(before - 60_000);
});
