import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, suggestion } from "#text/suggestion.ts";

const KNOWN = ["DATABASE_URL", "DATABASE_TLS", "LOG_LEVEL", "SYNC_FX_LATEST_SCHEDULE"];

describe("the name that was probably meant", () => {
  it.each([
    ["DATABASE_ULR", "DATABASE_URL"],
    ["DATABSE_URL", "DATABASE_URL"],
    ["LOGLEVEL", "LOG_LEVEL"],
    ["LOG_LEVLE", "LOG_LEVEL"],
    ["SYNC_FX_LATST_SCHEDULE", "SYNC_FX_LATEST_SCHEDULE"],
    ["SYNC_FX_LATEST_SCHEDULES", "SYNC_FX_LATEST_SCHEDULE"],
    ["OG_LEVEL", "LOG_LEVEL"],
  ])("of %s is %s", (name, meant) => {
    expect(suggestion(name, KNOWN)).toBe(meant);
  });

  it.each(["PATH", "DATABASE", "SYNC_FX_HISTORICAL_SCHEDULE", "", "LEVEL_LOG"])("of %j is none", (name) => {
    expect(suggestion(name, KNOWN)).toBeUndefined();
  });

  it("is the closest, and of equals the first", () => {
    expect(suggestion("jobs", ["jobless", "job", "jobz"])).toBe("job");
    expect(suggestion("sync_fx", ["sync_fxxx", "sync_fxx"])).toBe("sync_fxx");
  });
});

describe("the distance of two names", () => {
  /** Straight from the definition. */
  const model = (a: string, b: string): number => {
    if (!a || !b) return a.length + b.length;
    const [restA, restB] = [a.slice(1), b.slice(1)];
    if (a[0] === b[0]) return model(restA, restB);
    return 1 + Math.min(model(restA, b), model(a, restB), model(restA, restB));
  };
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });

  it("is the fewest letters to add, drop or change", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(model(a, b));
      }),
    );
  });

  it("is infinite above a limit, and exact up to it", () => {
    fc.assert(
      fc.property(word, word, fc.nat(6), (a, b, limit) => {
        const exact = model(a, b);
        expect(editDistance(a, b, limit)).toBe(exact > limit ? Infinity : exact);
      }),
    );
  });
});
