import { Decimal } from "decimal.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { inWholeUnits, priceUnit } from "#rules/portfolio/price-unit.ts";

it.each([
  ["EUR", { currency: "EUR", places: 0 }],
  ["GBp", { currency: "GBP", places: 2 }],
  ["GBX", { currency: "GBP", places: 2 }],
  ["ZAc", { currency: "ZAR", places: 2 }],
  ["ILA", { currency: "ILS", places: 2 }],
  ["GBP", { currency: "GBP", places: 0 }],
  ["gbp", undefined],
  ["", undefined],
  ["ZZZ", undefined],
])("%s is %o", (code, unit) => {
  expect(priceUnit(code)).toEqual(unit);
});

it.each([
  ["1279.5", "12.795"],
  ["1286.5699462890625", "12.865699462890625"],
  ["100", "1"],
  ["5", "0.05"],
  ["0.5", "0.005"],
  ["100000", "1000"],
  ["120.10", "1.201"],
])("%s pence are %s pounds", (pence, pounds) => {
  expect(inWholeUnits(pence, { currency: "GBP", places: 2 })).toBe(pounds);
});

const decimal = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.option(fc.stringMatching(/^\d{1,18}$/)))
  .map(([whole, fraction]) => (fraction === null ? String(whole) : `${whole}.${fraction}`));

it("a hundred times the pounds are the pence, to the last digit", () => {
  const Exact = Decimal.clone({ precision: 60 });
  fc.assert(
    fc.property(decimal, (pence) => {
      const pounds = inWholeUnits(pence, { currency: "GBP", places: 2 });
      expect(pounds).toMatch(/^\d+(\.\d*[1-9])?$/);
      expect(new Exact(pounds).times(100).eq(pence)).toBe(true);
    }),
  );
});
