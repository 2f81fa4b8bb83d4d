import { expect, it } from "vitest";
import { freshnessOf } from "#operations/freshness.ts";
import { isTargetDay } from "#rules/portfolio/target-days.ts";

const rates = { allowedWorkingDays: 1, isWorkingDay: isTargetDay, zone: "Europe/Berlin" };

it("an empty set is neither fresh nor stale", () => {
  expect(freshnessOf(rates, null, new Date())).toEqual({ state: "empty", newest: null, staleSince: null });
});

it("holidays and weekends do not age a set", () => {
  // Maundy Thursday; then Good Friday, a weekend and Easter Monday, on all of which nothing is published.
  const staleSince = new Date("2026-04-07T22:00:00Z");
  const at = (now: string) => freshnessOf(rates, "2026-04-02", new Date(now));
  expect(at("2026-04-07T21:59:59Z")).toEqual({ state: "fresh", newest: "2026-04-02", staleSince });
  expect(at("2026-04-07T22:00:00Z").state).toBe("stale");
});

it("the day ends by the local time of the source, also on the day of a clock change", () => {
  const everyDay = { allowedWorkingDays: 1, isWorkingDay: () => true, zone: "America/Santiago" };
  // Midnight of 6 September 2026 does not exist there: the day begins at 01:00, which is 04:00 UTC.
  expect(freshnessOf(everyDay, "2026-09-04", new Date(0)).staleSince).toEqual(new Date("2026-09-06T04:00:00Z"));
});
