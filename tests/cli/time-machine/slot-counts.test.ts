import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countSlots, type SlotRow, sumSlotCounts } from "#cli/time-machine/slot-counts.ts";
import { schedule } from "#schedule/index.ts";

const hourly = schedule("0 0 * * * *", "UTC");
const span = { from: new Date("2026-03-01T00:00:00Z"), to: new Date("2026-03-01T06:00:00Z") };
const at = (time: string) => new Date(`2026-03-01T${time}Z`);
const row = (time: string, started: string, given: Partial<SlotRow> = {}): SlotRow => ({
  slot: at(time),
  state: "succeeded",
  startedAt: at(started),
  reasonCode: null,
  ...given,
});

it("distinguishes slots on time, late, caught up, failed, waiting, skipped and missing", () => {
  const account = countSlots(hourly, span, [
    row("00:00:00", "00:01:00"),
    row("01:00:00", "01:01:00.001"),
    row("02:00:00", "03:00:00"),
    row("03:00:00", "03:00:00", { state: "dead" }),
    row("04:00:00", "04:00:00", { state: "skipped", startedAt: null, reasonCode: "kill-switch" }),
  ]);
  expect(account).toEqual({
    calledFor: 6,
    ran: 1,
    ranLate: 1,
    caughtUp: 1,
    failed: 1,
    waiting: 0,
    skipped: { "kill-switch": 1 },
    unaccounted: [at("05:00:00")],
    uncalledFor: [],
  });
});

it("a slot that the schedule does not have is listed, and the end of the span is exclusive", () => {
  const rows = [row("00:30:00", "00:30:00"), row("06:00:00", "06:00:00")];
  const account = countSlots(hourly, span, rows);
  expect(account.uncalledFor).toEqual([at("00:30:00"), at("06:00:00")]);
  expect(account.unaccounted).toHaveLength(6);
});

it("a day of 25 hours has 25 slots", () => {
  const berlin = schedule("0 30 * * * *", "Europe/Berlin");
  const day = { from: new Date("2026-10-24T22:00:00Z"), to: new Date("2026-10-25T23:00:00Z") };
  expect(countSlots(berlin, day, []).unaccounted).toHaveLength(25);
});

describe("for any ledger", () => {
  const states = ["queued", "running", "succeeded", "retrying", "dead", "skipped", "cancelled"] as const;
  const rows = fc.uniqueArray(
    fc.record({
      slot: fc.integer({ min: 0, max: 11 }).map((half) => new Date(span.from.getTime() + half * 1_800_000)),
      state: fc.constantFrom(...states),
      startedAt: fc.date({ min: span.from, max: span.to, noInvalidDate: true }),
      reasonCode: fc.constantFrom(null, "paused", "already-running"),
    }),
    { selector: ({ slot }) => slot.getTime() },
  );

  it("every slot of the schedule and every row counts once", () => {
    fc.assert(
      fc.property(rows, (given) => {
        const account = countSlots(hourly, span, given);
        const { ran, ranLate, caughtUp, failed, waiting, skipped, unaccounted, uncalledFor } = account;
        const inLedger =
          ran + ranLate + caughtUp + failed + waiting + Object.values(skipped).reduce((sum, count) => sum + count, 0);
        expect(inLedger + unaccounted.length).toBe(account.calledFor);
        expect(inLedger + uncalledFor.length).toBe(given.length);
      }),
    );
  });

  it("two halves add up to the whole", () => {
    const middle = at("03:00:00");
    fc.assert(
      fc.property(rows, (given) => {
        const halves = [
          countSlots(
            hourly,
            { from: span.from, to: middle },
            given.filter(({ slot }) => slot < middle),
          ),
          countSlots(
            hourly,
            { from: middle, to: span.to },
            given.filter(({ slot }) => slot >= middle),
          ),
        ];
        const sorted = ({ uncalledFor, ...rest }: ReturnType<typeof sumSlotCounts>) => ({
          ...rest,
          uncalledFor: uncalledFor.map(Number).sort(),
        });
        expect(sorted(sumSlotCounts(halves))).toEqual(sorted(sumSlotCounts([countSlots(hourly, span, given)])));
      }),
    );
  });
});
