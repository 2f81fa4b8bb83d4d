import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TickFacts } from "#schedule/decide-tick.ts";
import { decideTick } from "#schedule/decide-tick.ts";
import { occurrencesBetween, previousOccurrence } from "#schedule/occurrences.ts";
import type { Schedule } from "#schedule/schedule.ts";
import { schedule } from "#schedule/schedule.ts";
import { supersetOf } from "#schedule/utc-superset.ts";

const daily = schedule("0 30 16 * * *", "Europe/Berlin");

describe("a tick of a daily job in summer, when 16:30 in Berlin is 14:30 UTC and the timer also fires at 15:30", () => {
  const slot = new Date("2025-07-01T14:30Z");
  const next = new Date("2025-07-02T14:30Z");

  test.each([
    ["a little early", "2025-07-01T14:29:59.988Z", "on time", -12],
    ["on the dot", "2025-07-01T14:30:00Z", "on time", 0],
    ["some seconds late", "2025-07-01T14:30:09Z", "on time", 9_000],
    ["twenty minutes late", "2025-07-01T14:50:00Z", "late", 1_200_000],
  ])("belongs to the slot when it comes %s", (_, now, state, lateByMs) => {
    expect(decideTick(daily, at(now))).toEqual({ state, slot, lateByMs, missed: [], next });
  });

  test("belongs to no slot at the winter hour, and gives that reason", () => {
    for (const now of ["2025-07-01T15:29:59.990Z", "2025-07-01T15:30:04Z"]) {
      expect(decideTick(daily, at(now))).toEqual({
        state: "idle",
        slot: null,
        reason: "2025-07-01T15:30:00Z is no occurrence in Europe/Berlin; next is 2025-07-02T14:30:00Z",
        next,
      });
    }
  });

  test("runs the slot that the host missed", () => {
    const tick = decideTick(daily, { ...at("2025-07-01T15:40:00Z"), isPastDue: true });
    expect(tick).toMatchObject({ state: "late", slot, lateByMs: 70 * 60_000 });
  });

  test("runs a slot that is not accounted for, at any tick that finds it", () => {
    const lastSlot = new Date("2025-06-28T14:30Z");
    const tick = decideTick(daily, { ...at("2025-07-01T15:30:00Z"), lastSlot });
    expect(tick).toMatchObject({ state: "late", slot });
    expect(missed(tick)).toEqual([new Date("2025-06-29T14:30Z"), new Date("2025-06-30T14:30Z")]);
  });

  test("belongs to no slot when its slot is accounted for: a repeated timer, or a clock that was set back", () => {
    for (const now of ["2025-07-01T14:30:20Z", "2025-07-01T14:29:59Z", "2025-07-01T09:00:00Z"]) {
      const tick = decideTick(daily, { ...at(now), lastSlot: slot, isPastDue: true });
      expect(tick).toMatchObject({ state: "idle", slot: null, next });
    }
    expect(decideTick(daily, { ...at("2025-07-01T14:30:20Z"), lastSlot: slot })).toMatchObject({
      reason: "slot 2025-07-01T14:30:00Z is accounted for; next is 2025-07-02T14:30:00Z",
    });
  });

  test("takes the limits for early and on time from its caller", () => {
    expect(decideTick(daily, { ...at("2025-07-01T14:29:55Z"), earlyByMs: 10_000 })).toMatchObject({ slot });
    expect(decideTick(daily, { ...at("2025-07-01T14:30:02Z"), onTimeWithinMs: 1_000 })).toMatchObject({
      state: "late",
    });
  });
});

describe("a timer on the UTC expression, simulated", () => {
  const scenes = [
    ["0 30 2 * * *", "Europe/Berlin", "2025-03-28T00:00Z"],
    ["0 30 2 * * *", "Europe/Berlin", "2025-10-24T00:00Z"],
    ["0 */20 * * * *", "America/New_York", "2025-11-01T00:00Z"],
    ["0 7 * * * *", "America/New_York", "2025-03-08T00:00Z"],
    ["0 10,40 1,2 * * *", "Australia/Lord_Howe", "2025-04-04T00:00Z"],
    ["0 10,40 1,2 * * *", "Australia/Lord_Howe", "2025-10-03T00:00Z"],
    ["0 0 12 * * *", "Pacific/Apia", "2011-12-28T00:00Z"],
    ["0 0 8 * * 1-5", "America/Caracas", "2016-04-28T00:00Z"],
    ["*/30 * 1-3 * * *", "Antarctica/Troll", "2025-03-29T00:00Z"],
  ] as const;
  const anyScene = fc.constantFrom(...scenes);
  const jitters = fc.infiniteStream<number>(
    fc.oneof(fc.integer({ min: -400, max: 400 }), fc.integer({ min: 0, max: 12_000 })),
  );

  test("runs each slot once, whatever its jitter, without memory", () => {
    fc.assert(
      fc.property(anyScene, jitters, (scene, jitter) => {
        const { zoned, from, to } = play(scene);
        const slots: Date[] = [];
        for (const instant of timerInstants(zoned, from, to)) {
          const { slot } = decideTick(zoned, { now: shifted(instant, next(jitter)) });
          if (slot) slots.push(slot);
        }
        expect(slots).toEqual([...occurrencesBetween(zoned, from, to)]);
      }),
      { numRuns: 100 },
    );
  });

  test("runs each second once when it fires nearer to its second than to the next", () => {
    const [from, to] = [new Date("2025-10-26T00:55Z"), new Date("2025-10-26T01:05Z")];
    const everySecond = schedule("* * * * * *", "Europe/Berlin");
    fc.assert(
      fc.property(fc.infiniteStream<number>(fc.integer({ min: -490, max: 490 })), (jitter) => {
        const slots = timerInstants(everySecond, from, to).map((instant) => {
          return decideTick(everySecond, { now: shifted(instant, next(jitter)) }).slot;
        });
        expect(slots).toEqual([...occurrencesBetween(everySecond, from, to)]);
      }),
      { numRuns: 10 },
    );
  });

  test("accounts for each slot once when the app was down in between, knowing its last slot", () => {
    const outage = fc.tuple(fc.nat(80 * 60), fc.integer({ min: 1, max: 40 * 60 }));
    fc.assert(
      fc.property(anyScene, jitters, outage, (scene, jitter, [downAfter, minutes]) => {
        const { zoned, from, to } = play(scene);
        const down = shifted(from, downAfter * 60_000);
        const up = shifted(down, minutes * 60_000);
        const ticks: TickFacts[] = timerInstants(zoned, from, to)
          .filter((instant) => instant < down || instant > up)
          .map((instant) => ({ now: shifted(instant, next(jitter)) }));
        // The host starts again, and makes up for its own missed firing as Azure does: with one.
        ticks.push({ now: up, isPastDue: true });
        ticks.sort((a, b) => a.now.getTime() - b.now.getTime());

        const accounted: Date[] = [];
        let lastSlot = new Date(from.getTime() - 1);
        for (const facts of ticks) {
          const tick = decideTick(zoned, { ...facts, lastSlot });
          if (!tick.slot) continue;
          accounted.push(...tick.missed, tick.slot);
          lastSlot = tick.slot;
        }
        expect(accounted).toEqual([...occurrencesBetween(zoned, from, lastSlot), lastSlot]);
        const end = ticks.reduce((latest, { now }) => (now > latest ? now : latest), from);
        expect([...occurrencesBetween(zoned, shifted(lastSlot, 1), shifted(end, -400))]).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("runs the last slot of the outage when it only knows that it is past due", () => {
    fc.assert(
      fc.property(anyScene, fc.nat(96 * 60), (scene, minutes) => {
        const { zoned, from } = play(scene);
        const now = shifted(from, minutes * 60_000 + 10_000);
        const { slot } = decideTick(zoned, { now, isPastDue: true });
        expect(slot).toEqual(previousOccurrence(zoned, now));
        expect([...occurrencesBetween(zoned, from, now)].at(-1) ?? slot).toEqual(slot);
      }),
      { numRuns: 100 },
    );
  });
});

function at(now: string): TickFacts {
  return { now: new Date(now) };
}

function play([expression, zone, start]: readonly [string, string, string]) {
  const from = new Date(start);
  return { zoned: schedule(expression, zone), from, to: shifted(from, 4 * 86_400_000) };
}

/** fast-check types the value of an endless stream loosely. */
function next(stream: Iterator<number, unknown>): number {
  const { value } = stream.next();
  return Number(value);
}

function shifted(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms);
}

function missed(tick: ReturnType<typeof decideTick>): Date[] {
  return tick.slot ? [...tick.missed] : [];
}

function timerInstants(zoned: Schedule, from: Date, to: Date): Date[] {
  return [...occurrencesBetween(supersetOf(zoned), from, to)];
}
