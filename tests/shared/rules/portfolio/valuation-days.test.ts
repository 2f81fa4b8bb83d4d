import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays, isWeekend } from "#rules/civil-date.ts";
import { isTargetDay } from "#rules/portfolio/target-days.ts";
import { awaitedDays, buy, quoteOf, rateInForce, type RatesByQuote } from "#rules/portfolio/valuation-days.ts";

/** Pounds for a euro on the days that are given. */
const pounds = (...days: [date: string, rate: string][]): RatesByQuote =>
  new Map([["GBP", days.map(([date, rate]) => ({ quote: "GBP", date, rate }))]]);

describe("the rate in force on a day", () => {
  const thursday = pounds(["2026-04-02", "0.84"]);
  const question = (date: string) => ({ base: "EUR", quote: "GBP", date });

  it.each(["2026-04-02", "2026-04-03", "2026-04-04", "2026-04-05", "2026-04-06"])(
    "over Easter is Thursday's, on %s too",
    (date) => {
      expect(rateInForce(question(date), thursday)?.rate).toBe("0.84");
    },
  );

  it("is unknown on the Tuesday after it until it is published: an older one would be wrong", () => {
    expect(rateInForce(question("2026-04-07"), thursday)).toBeUndefined();
  });

  it("needs both currencies of a cross rate, and none for a currency in itself", () => {
    expect(rateInForce({ base: "USD", quote: "GBP", date: "2026-04-02" }, thursday)).toBeUndefined();
    expect(rateInForce({ base: "USD", quote: "USD", date: "2026-04-02" }, new Map())?.rate).toBe("1");
  });

  it("of a day on which the ECB published against its calendar is that day's own", () => {
    const easter1999 = pounds(["1999-04-01", "0.66"], ["1999-04-02", "0.67"]);
    expect(rateInForce(question("1999-04-02"), easter1999)?.rate).toBe("0.67");
  });

  it("is never older than the last publication day", () => {
    const someDays = fc.integer({ min: 0, max: 400 }).map((days) => addDays("2026-01-01", days));
    fc.assert(
      fc.property(fc.uniqueArray(someDays), someDays, (published, date) => {
        const rates = pounds(...published.toSorted().map((day): [string, string] => [day, "0.84"]));
        const served = rateInForce(question(date), rates);
        if (!served) return;
        for (let day = addDays(served.date, 1); day <= date; day = addDays(day, 1))
          expect(isTargetDay(day), day).toBe(false);
      }),
    );
  });
});

describe("a day", () => {
  const etf = { currency: "GBP", series: "raw", lastPrice: "2026-04-08" } as const;
  const rates = pounds(["2026-04-02", "0.84"], ["2026-04-08", "0.85"]);
  const quote = (date: string, price?: string) => quoteOf(date, { etf, currency: "EUR", price, rates });

  it("with price and rate is complete", () => {
    expect(quote("2026-04-02", "21.00")).toEqual({
      date: "2026-04-02",
      price: "21.00",
      rate: "1.1904761904761904762",
      pending: null,
    });
  });
  it("with a price and no rate waits for the rate", () => {
    expect(quote("2026-04-07", "21.00")).toMatchObject({ price: "21.00", rate: null, pending: "rate" });
  });
  it("without a price was closed, when a later day has one", () => {
    expect(quote("2026-04-03")).toBe("closed");
  });
  it("without a price waits for it, after the newest one", () => {
    expect(quote("2026-04-09")).toMatchObject({ price: null, pending: "price" });
  });
  it("of a series that is adjusted for dividends is not valued", () => {
    const adjusted = { ...etf, series: "adjusted" } as const;
    expect(quoteOf("2026-04-02", { etf: adjusted, currency: "EUR", price: "19.00", rates })).toMatchObject({
      price: null,
      pending: "adjusted",
    });
  });
});

describe("days without a price", () => {
  it("are the past weekdays", () => {
    expect(awaitedDays("2026-04-09", "2026-04-15")).toEqual(["2026-04-10", "2026-04-13", "2026-04-14"]);
    expect(awaitedDays("2026-04-10", "2026-04-13")).toEqual([]);
    expect(awaitedDays("2026-04-15", "2026-04-15")).toEqual([]);
  });
  it("are at most ten, all weekdays after the newest price and before today", () => {
    const days = fc.integer({ min: 0, max: 3_000 }).map((some) => addDays("2020-01-01", some));
    fc.assert(
      fc.property(days, days, (last, today) => {
        const awaited = awaitedDays(last, today);
        expect(awaited.length).toBeLessThanOrEqual(10);
        expect(awaited.every((day) => day > last && day < today && !isWeekend(day))).toBe(true);
      }),
    );
  });
});

describe("buying", () => {
  const etf = { currency: "GBP", series: "raw", lastPrice: "2026-04-30" } as const;
  const rates = pounds(["2026-04-02", "0.84"]);
  const money = { date: "2026-04-03", amount: "100.00", currency: "EUR" };

  it("is at the rate of its date, for the close of the next trading day", () => {
    expect(buy(money, { etf, next: { date: "2026-04-07", close: "21.00" }, rates })).toEqual({
      boughtOn: "2026-04-07",
      price: "21.00",
      rate: "0.84",
      units: "4.000000000000",
    });
  });
  it.each([
    ["there is no price", { etf, next: null, rates }],
    ["the next price is more than ten days away", { etf, next: { date: "2026-04-14", close: "21.00" }, rates }],
    ["the rate is missing", { etf, next: { date: "2026-04-07", close: "21.00" }, rates: new Map() }],
    [
      "prices are adjusted",
      { etf: { ...etf, series: "adjusted" as const }, next: { date: "2026-04-07", close: "21" }, rates },
    ],
  ])("waits while %s", (_why, market) => {
    expect(buy(money, market)).toBeNull();
  });
});
