import { Decimal } from "decimal.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CROSS_RATE_DIGITS,
  type EuroRate,
  exchangeRate,
  lastOnOrBefore,
  rateRequestFaults,
} from "#rules/portfolio/exchange-rate.ts";

const date = "2025-05-10";
const usd: EuroRate = { quote: "USD", rate: "1.1252", date: "2025-05-09" };
const jpy: EuroRate = { quote: "JPY", rate: "163.36", date: "2025-05-09" };
const rub: EuroRate = { quote: "RUB", rate: "117.2010", date: "2022-03-01" };

describe("the rate of one currency in another", () => {
  test("from EUR is the published rate, digit for digit", () => {
    const found = exchangeRate({ base: "EUR", quote: "RUB", date }, [usd, rub]);
    expect(found).toEqual({ base: "EUR", quote: "RUB", rate: "117.2010", date: "2022-03-01", from: [rub] });
  });

  test("to EUR is the reciprocal, to 20 digits", () => {
    expect(exchangeRate({ base: "USD", quote: "EUR", date }, [usd])).toMatchObject({
      rate: "0.88873089228581585496",
      date: "2025-05-09",
    });
  });

  test("between two others goes by way of the euro, and is as old as the older of the two", () => {
    expect(exchangeRate({ base: "USD", quote: "JPY", date }, [usd, jpy])).toMatchObject({
      rate: "145.18307856381087807",
      from: [usd, jpy],
    });
    expect(exchangeRate({ base: "USD", quote: "RUB", date }, [usd, rub])?.date).toBe("2022-03-01");
  });

  test("of a currency in itself is 1 on the requested day, and needs no published rate", () => {
    expect(exchangeRate({ base: "USD", quote: "USD", date }, [])).toEqual({
      base: "USD",
      quote: "USD",
      rate: "1",
      date,
      from: [],
    });
    expect(exchangeRate({ base: "EUR", quote: "EUR", date }, [])?.rate).toBe("1");
  });

  test("is undefined while a needed rate is missing", () => {
    for (const [base, quote] of [
      ["EUR", "JPY"],
      ["JPY", "EUR"],
      ["JPY", "USD"],
      ["USD", "JPY"],
    ] as const) {
      expect(exchangeRate({ base, quote, date }, [usd])).toBeUndefined();
    }
  });

  test("does not depend on the global precision of Decimal", () => {
    const before = Decimal.precision;
    Decimal.set({ precision: 3 });
    try {
      expect(exchangeRate({ base: "USD", quote: "EUR", date }, [usd])?.rate).toBe("0.88873089228581585496");
    } finally {
      Decimal.set({ precision: before });
    }
  });
});

describe("for any two published rates", () => {
  const decimal = fc
    .tuple(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: 0, max: 6 }))
    .map(([digits, places]) => new Decimal(digits).div(new Decimal(10).pow(places)).toFixed());
  const Wide = Decimal.clone({ precision: 60 });
  const rateOf = (base: string, quote: string, a: string, b: string) => {
    const inForce = [
      { quote: "USD", rate: a, date },
      { quote: "JPY", rate: b, date },
    ];
    return exchangeRate({ base, quote, date }, inForce)?.rate ?? "";
  };

  test("the cross rate is the quotient, correctly rounded to its digits", () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const exact = new Wide(b).div(a);
        expect(rateOf("USD", "JPY", a, b)).toBe(
          exact.toSignificantDigits(CROSS_RATE_DIGITS, Decimal.ROUND_HALF_EVEN).toFixed(),
        );
      }),
    );
  });

  test("the product of both directions is 1, except for the last digits", () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const product = new Wide(rateOf("USD", "JPY", a, b)).mul(rateOf("JPY", "USD", a, b));
        expect(product.minus(1).abs().lt("2e-19")).toBe(true);
      }),
    );
  });

  test("two steps by way of the euro equal the cross rate, except for the last digits", () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const cross = new Wide(rateOf("USD", "JPY", a, b));
        const steps = new Wide(rateOf("USD", "EUR", a, b)).mul(rateOf("EUR", "JPY", a, b));
        expect(steps.minus(cross).abs().div(cross).lt("2e-19")).toBe(true);
      }),
    );
  });

  test("it is a plain positive decimal", () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(rateOf("USD", "JPY", a, b)).toMatch(/^\d+(\.\d+)?$/);
        expect(new Decimal(rateOf("USD", "JPY", a, b)).gt(0)).toBe(true);
      }),
    );
  });
});

describe("the last published point is in force on a date", () => {
  const friday = { date: "2025-05-09", rate: "1.1252" };
  const monday = { date: "2025-05-12", rate: "1.1106" };

  test.each([
    ["2025-05-08", undefined],
    ["2025-05-09", friday],
    ["2025-05-10", friday],
    ["2025-05-11", friday],
    ["2025-05-12", monday],
    ["2030-01-01", monday],
  ])("%s", (day, served) => {
    expect(lastOnOrBefore([friday, monday], day)).toBe(served);
  });

  test("in any series it is the newest point that is not later", () => {
    const day = fc
      .date({ min: new Date("1999-01-04"), max: new Date("2030-01-01"), noInvalidDate: true })
      .map((at) => at.toISOString().slice(0, 10));
    fc.assert(
      fc.property(fc.uniqueArray(day), day, (days, asked) => {
        const points = days.sort().map((date) => ({ date }));
        expect(lastOnOrBefore(points, asked)).toBe(points.filter(({ date }) => date <= asked).at(-1));
      }),
    );
  });
});

describe("a request is refused with the field and the reason", () => {
  test.each([
    [{ base: "usd" }, { field: "base", reason: 'expected a currency code such as "USD", got "usd"' }],
    [{ quote: "QQQ" }, { field: "quote", reason: 'expected a currency of ISO 4217, got "QQQ"' }],
    [{ quote: "" }, { field: "quote", reason: 'expected a currency code such as "USD", got ""' }],
    [{ date: "2025-02-29" }, { field: "date", reason: 'expected a date that exists, as YYYY-MM-DD, got "2025-02-29"' }],
  ])("%j", (question, fault) => {
    expect(rateRequestFaults(question)).toEqual([fault]);
  });

  test("all faults are reported at once, and a valid or empty request has none", () => {
    expect(rateRequestFaults({ base: "x", quote: "y", date: "z" }).map(({ field }) => field)).toEqual([
      "base",
      "quote",
      "date",
    ]);
    expect(rateRequestFaults({ base: "EUR", quote: "HRK", date: "2022-12-30" })).toEqual([]);
    expect(rateRequestFaults({})).toEqual([]);
  });
});
