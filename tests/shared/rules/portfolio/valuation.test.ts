import { Decimal } from "decimal.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { totalUnits, UNIT_DECIMALS, unitsFor, valueOf } from "#rules/portfolio/valuation.ts";
import { anAmount, aPrice, aRate } from "./any-money.ts";

const Exact = Decimal.clone({ precision: 200 });

describe("units", () => {
  it.each([
    [{ amount: "500.00", rate: "0.86", close: "20.00" }, "21.500000000000"],
    [{ amount: "250.00", rate: "0.87", close: "20.40" }, "10.661764705882"],
    [{ amount: "84", rate: "1", close: "21.25" }, "3.952941176471"],
    // Half of the last place goes up: 1 ÷ 2,000,000,000,000.
    [{ amount: "1", rate: "1", close: "2000000000000" }, "0.000000000001"],
  ])("%o buys %s", (purchase, units) => {
    expect(unitsFor(purchase)).toBe(units);
  });

  it("differ from the exact quotient by half of the last place at most", () => {
    fc.assert(
      fc.property(anAmount, aRate, aPrice, (amount, rate, close) => {
        const off = new Exact(unitsFor({ amount, rate, close }))
          .times(close)
          .minus(new Exact(amount).times(rate))
          .abs();
        expect(off.lte(new Exact(close).times("0.5e-12"))).toBe(true);
      }),
    );
  });

  it("contributions add up: two of them buy what their sum buys, but for the last place", () => {
    fc.assert(
      fc.property(anAmount, anAmount, aRate, aPrice, (one, other, rate, close) => {
        const apart = totalUnits([one, other].map((amount) => unitsFor({ amount, rate, close })));
        const together = unitsFor({ amount: new Exact(one).plus(other).toFixed(), rate, close });
        expect(new Exact(apart).minus(together).abs().lte(new Exact(2).times("1e-12"))).toBe(true);
      }),
    );
  });

  it("their total does not depend on the order", () => {
    const someUnits = fc.array(
      fc.tuple(anAmount, aRate, aPrice).map(([amount, rate, close]) => unitsFor({ amount, rate, close })),
    );
    fc.assert(
      fc.property(
        someUnits.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(totalUnits(shuffled)).toBe(totalUnits(all));
        },
      ),
    );
  });
});

describe("the value", () => {
  it.each([
    ["half a cent goes up", { units: "1.5", price: "0.01", rate: "1", currency: "EUR" }, "0.02"],
    ["and less than half does not", { units: "1.499999999999", price: "0.01", rate: "1", currency: "EUR" }, "0.01"],
    ["rounds once, at the end", { units: "3", price: "0.335", rate: "0.995", currency: "EUR" }, "1.00"],
    ["a yen has no smaller unit", { units: "10", price: "12.35", rate: "161.3", currency: "JPY" }, "19921"],
    ["a dinar has a thousand", { units: "10", price: "1.23456", rate: "1", currency: "KWD" }, "12.346"],
    ["nothing is worth nothing", { units: "0", price: "12.35", rate: "1", currency: "EUR" }, "0.00"],
  ])("%s", (_why, holding, value) => {
    expect(valueOf(holding)).toBe(value);
  });

  it("is within half a cent of the exact product", () => {
    fc.assert(
      fc.property(anAmount, aPrice, aRate, (units, price, rate) => {
        const exact = new Exact(units).times(price).times(rate);
        expect(
          exact
            .minus(valueOf({ units, price, rate, currency: "EUR" }))
            .abs()
            .lte("0.005"),
        ).toBe(true);
      }),
    );
  });

  it("a contribution that is valued at once at its own rate has its amount, to the cent", () => {
    fc.assert(
      fc.property(anAmount, fc.bigInt({ min: 1_000n, max: 1_000_000_000n }), aPrice, (amount, perMille, close) => {
        // A rate and its reciprocal to 20 digits, as cross rates have them.
        const there = new Exact(perMille.toString()).div(10_000).toFixed();
        const back = new Exact(1).div(there).toSignificantDigits(20).toFixed();
        const units = unitsFor({ amount, rate: there, close });
        const value = valueOf({ units, price: close, rate: back, currency: "EUR" });
        // Half of the last place of the units, at that price, and half a cent; and what twenty digits leave out of the
        // rate.
        const lost = new Exact(close).times(back).times("0.5e-12").plus("0.005").plus(new Exact(amount).times("1e-19"));
        expect(new Exact(value).minus(amount).abs().lte(lost), `${value} of ${amount}`).toBe(true);
      }),
    );
  });
});

it("units have 12 decimals", () => {
  fc.assert(
    fc.property(anAmount, aRate, aPrice, (amount, rate, close) => {
      expect(unitsFor({ amount, rate, close }).split(".")[1]).toHaveLength(UNIT_DECIMALS);
    }),
  );
});
