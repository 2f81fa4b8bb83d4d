import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isCurrencyCode, isKnownCurrency } from "#rules/portfolio/currency.ts";

test("a code is three capital letters", () => {
  expect(["USD", "ZZZ"].every(isCurrencyCode)).toBe(true);
  expect(["usd", "US", "USDT", "U$D", "ÄÖÜ", "", "USD\n"].some(isCurrencyCode)).toBe(false);
});

test("active currencies and former ECB currencies are known; pence, funds and invented codes are not", () => {
  expect(["EUR", "USD", "JPY", "RUB", "HRK", "BGN", "TRL", "SIT"].filter((code) => !isKnownCurrency(code))).toEqual([]);
  expect(["ZZZ", "GBX", "XXX", "XTS", "DEM"].filter(isKnownCurrency)).toEqual([]);
});

const FULL = "../shared/data/fx/eurofxref-hist-1999-2026-04-13.csv";
test.skipIf(!existsSync(FULL))(
  "every column that the ECB has published is known (skipped where ../shared/data is missing)",
  () => {
    const [header = ""] = readFileSync(FULL, "utf8").split("\n", 1);
    const columns = header.split(",").slice(1, -1);
    expect(columns).toHaveLength(41);
    expect(columns.filter((code) => !isKnownCurrency(code))).toEqual([]);
  },
);
