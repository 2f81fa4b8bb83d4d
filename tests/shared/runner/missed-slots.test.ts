import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decideMissedSlots,
  latenessRefusal,
  type MissedPolicy,
  MOST_CAUGHT_UP,
  unaccounted,
} from "#runner/missed-slots.ts";
import { occurrencesBetween, schedule } from "#schedule/index.ts";

const noon = Date.UTC(2026, 2, 10, 12);
const minute = 60_000;
const slotsBefore = (count: number) => Array.from({ length: count }, (_, i) => new Date(noon - (count - i) * minute));
const next = new Date(noon);
const policies = fc.record({
  missed: fc.constantFrom<MissedPolicy["missed"]>("skip", "once", "all"),
  maxLatenessMs: fc.option(fc.integer({ min: 0, max: 400 * minute })),
});
const counts = fc.integer({ min: 0, max: 300 });
const facts = { after: 0, next, now: new Date(noon + 1) };

describe("missed slots", () => {
  it("get one decision each, in their order, with a reason when they do not run", () => {
    fc.assert(
      fc.property(policies, counts, (policy, count) => {
        const missed = slotsBefore(count);
        const fates = decideMissedSlots(missed, policy, facts);
        expect(fates.map(({ slot }) => slot)).toEqual(missed);
        for (const fate of fates) if (!fate.runs) expect(fate.reason).not.toBe("");
      }),
    );
  });

  it("run only by `all`: the newest ones up to the limit, none later than allowed", () => {
    fc.assert(
      fc.property(policies, counts, (policy, count) => {
        const runs = decideMissedSlots(slotsBefore(count), policy, facts).filter((fate) => fate.runs);
        if (policy.missed !== "all") expect(runs).toEqual([]);
        const allowed = slotsBefore(count)
          .slice(-MOST_CAUGHT_UP)
          .filter((slot) => policy.maxLatenessMs === null || noon + 1 - slot.getTime() <= policy.maxLatenessMs);
        if (policy.missed === "all") expect(runs.map(({ slot }) => slot)).toEqual(allowed);
      }),
    );
  });

  it("get the same decisions in batches of any size", () => {
    fc.assert(
      fc.property(policies, counts, fc.integer({ min: 1, max: 50 }), (policy, count, size) => {
        const missed = slotsBefore(count);
        const batched = [];
        for (let from = 0; from < count; from += size) {
          const batch = missed.slice(from, from + size);
          batched.push(...decideMissedSlots(batch, policy, { ...facts, after: count - from - batch.length }));
        }
        // The reason counts the others of what is looked at together.
        const bare = (fates: ReturnType<typeof decideMissedSlots>) => fates.map(({ slot, runs }) => ({ slot, runs }));
        expect(bare(batched)).toEqual(bare(decideMissedSlots(missed, policy, facts)));
      }),
    );
  });

  it("by `once` name the slot that runs for them", () => {
    const [fate] = decideMissedSlots(slotsBefore(1), { missed: "once", maxLatenessMs: null }, facts);
    expect(fate).toMatchObject({ code: "caught-up" });
    expect(fate!.runs || fate!.reason).toContain("2026-03-10T12:00:00.000Z runs for it");
  });
});

describe("a late tick", () => {
  it.each([
    ["skip", null, true, "missed"],
    ["skip", null, false, undefined],
    ["once", null, true, undefined],
    ["all", 60_000, true, "too-late"],
    ["once", 300_000, true, undefined],
  ] as const)("by %s, at most %s ms late, is late: %s → %s", (missed, maxLatenessMs, isLate, code) => {
    expect(latenessRefusal({ missed, maxLatenessMs }, { lateMs: 120_000, isLate })?.code).toBe(code);
  });
});

it("slots without a row in the ledger are unaccounted, and no others", () => {
  const everyMinute = schedule("0 * * * * *", "UTC");
  const range = { from: new Date(noon), to: new Date(noon + 60 * minute) };
  const slots = [...occurrencesBetween(everyMinute, range.from, range.to)];
  fc.assert(
    fc.property(fc.subarray(slots), (known) => {
      const open = unaccounted(everyMinute, range, new Set(known.map((slot) => slot.getTime())));
      expect(open).toEqual(slots.filter((slot) => !known.includes(slot)));
    }),
  );
});
