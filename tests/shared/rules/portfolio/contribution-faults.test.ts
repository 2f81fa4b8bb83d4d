import { expect, it } from "vitest";
import { contributionFaults } from "#rules/portfolio/contribution-faults.ts";

const right = { reference: "a", date: "2026-03-02", amount: "250.00", currency: "EUR" };
const faults = (...given: Partial<typeof right>[]) =>
  contributionFaults(
    given.map((one) => ({ ...right, ...one })),
    "2026-03-10",
  ).map(({ field, reason }) => `${field}: ${reason}`);

it("accepts valid contributions, also of today and in yen", () => {
  expect(faults({ date: "2026-03-10" }, { reference: "b", amount: "30000", currency: "JPY" })).toEqual([]);
});

it.each([
  [{ date: "2026-02-30" }, '0.date: expected a date that exists, as YYYY-MM-DD, got "2026-02-30"'],
  [{ date: "2026-03-11" }, "0.date: 2026-03-11 is in the future (today is 2026-03-10)"],
  [{ currency: "euro" }, '0.currency: expected a currency code such as "EUR", got "euro"'],
  [{ currency: "ABC" }, '0.currency: expected a currency of ISO 4217, got "ABC"'],
  [{ amount: "1.005" }, '0.amount: expected at most 2 decimals of EUR, got "1.005"'],
  [{ amount: "0.5", currency: "JPY" }, '0.amount: expected at most 0 decimals of JPY, got "0.5"'],
])("%o is refused by name", (given, fault) => {
  expect(faults(given)).toEqual([fault]);
});

it.each(["", "0", "0.00", "-5", "1e3", "1,000.00", "NaN", "Infinity", "9".repeat(16)])(
  "%j is not an amount",
  (amount) => {
    expect(faults({ amount })[0]).toMatch(/^0\.amount: expected an amount above zero/);
  },
);

it("two contributions with the same reference in one request are refused by index", () => {
  expect(faults({}, { reference: "b" }, {})).toEqual(["2.reference: is also the reference of contribution 0"]);
});
