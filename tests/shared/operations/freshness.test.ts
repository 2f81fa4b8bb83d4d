import { describe, expect, it } from "vitest";
import { behind, type DataElement, freshnessOf } from "#operations/freshness.ts";
import { isTargetDay } from "#rules/portfolio/target-days.ts";

const BERLIN = "Europe/Berlin";
const rates = { allowedWorkingDays: 1, isWorkingDay: isTargetDay };
const everyDay = { allowedWorkingDays: 1, isWorkingDay: () => true };
const element = (given: Partial<DataElement>): DataElement => ({
  id: "USD",
  zone: BERLIN,
  newest: null,
  since: null,
  ...given,
});

describe("one element", () => {
  const judged = (set: typeof rates, given: Partial<DataElement>, now: string) =>
    freshnessOf(set, [element(given)], new Date(now)).elements[0]!;

  it("is not aged by holidays and weekends", () => {
    // Maundy Thursday; then Good Friday, a weekend and Easter Monday, on all of which nothing is published.
    const staleSince = new Date("2026-04-07T22:00:00Z");
    const at = (now: string) => judged(rates, { newest: "2026-04-02" }, now);
    expect(at("2026-04-07T21:59:59Z")).toMatchObject({ state: "fresh", isLate: false, staleSince });
    expect(at("2026-04-07T22:00:00Z")).toMatchObject({ state: "stale", isLate: true, staleSince });
  });

  it("has days in its own zone, also on the day of a clock change", () => {
    // Midnight of 6 September 2026 does not exist there: the day begins at 01:00, which is 04:00 UTC.
    expect(
      judged(everyDay, { zone: "America/Santiago", newest: "2026-09-04" }, "2026-09-01T00:00:00Z").staleSince,
    ).toEqual(new Date("2026-09-06T04:00:00Z"));
  });

  it("that never had data is empty, and late once data has been due since it was added", () => {
    const at = (now: string) => judged(everyDay, { since: "2026-09-04" }, now);
    expect(at("2026-09-05T21:59:59Z")).toMatchObject({ state: "empty", newest: null, isLate: false });
    expect(at("2026-09-05T22:00:00Z")).toMatchObject({ state: "empty", newest: null, isLate: true });
  });

  it("whose source publishes no more is never late", () => {
    expect(judged(rates, { newest: "2022-12-30", hasEnded: true }, "2026-09-01T00:00:00Z")).toMatchObject({
      state: "ended",
      staleSince: null,
      isLate: false,
    });
  });
});

describe("a data set", () => {
  const now = new Date("2026-04-15T12:00:00Z");
  const fresh = element({ id: "a", newest: "2026-04-14" });
  const stale = element({ id: "b", newest: "2026-04-10" });
  const staler = element({ id: "c", newest: "2026-03-01" });
  const added = element({ id: "d", since: "2026-04-15" });
  const ended = element({ id: "e", newest: "2008-12-31", hasEnded: true });

  it("judges each element by itself: a new one hides none of the others", () => {
    const freshness = freshnessOf(everyDay, [ended, added, stale, fresh, staler], now);
    expect(freshness).toMatchObject({ state: "stale", newest: "2026-04-14" });
    expect(freshness.counts).toEqual({ elements: 5, late: 2, fresh: 1, stale: 2, empty: 1, ended: 1 });
    expect(freshness.elements.map(({ id }) => id)).toEqual(["a", "b", "c", "d", "e"]);
    expect(behind(freshness).map(({ id }) => id)).toEqual(["c", "b", "d"]);
    expect(freshness.staleSince).toEqual(behind(freshness)[0]!.staleSince);
  });

  it("is fresh when no element is late, although one has no data yet", () => {
    expect(freshnessOf(everyDay, [fresh, added, ended], now).state).toBe("fresh");
  });

  it("is empty without elements, and when none has data", () => {
    expect(freshnessOf(everyDay, [], now)).toMatchObject({ state: "empty", newest: null, staleSince: null });
    expect(freshnessOf(everyDay, [added], now).state).toBe("empty");
  });

  it("is stale when an element that has data is fresh, and another never got the data that was due", () => {
    const never = element({ id: "z", since: "2026-04-01" });
    expect(freshnessOf(everyDay, [fresh, never], now)).toMatchObject({ state: "stale", counts: { late: 1, empty: 1 } });
  });
});
