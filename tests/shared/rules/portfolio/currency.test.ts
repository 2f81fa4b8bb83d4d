import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hasEndedAtEcb, isCurrencyCode, isKnownCurrency } from "#rules/portfolio/currency.ts";

test("a code is three capital letters", () => {
  expect(["USD", "ZZZ"].every(isCurrencyCode)).toBe(true);
  expect(["usd", "US", "USDT", "U$D", "ÄÖÜ", "", "USD\n"].some(isCurrencyCode)).toBe(false);
});

test("active currencies and former ECB currencies are known; pence, funds and invented codes are not", () => {
  expect(["EUR", "USD", "JPY", "RUB", "HRK", "BGN", "TRL", "SIT"].filter((code) => !isKnownCurrency(code))).toEqual([]);
  expect(["ZZZ", "GBX", "XXX", "XTS", "DEM"].filter(isKnownCurrency)).toEqual([]);
});

test("a currency has ended at its last day at the ECB, unless a later rate is stored", () => {
  expect(hasEndedAtEcb("HRK", "2022-12-30")).toBe(true);
  expect(hasEndedAtEcb("HRK", null)).toBe(true);
  expect(hasEndedAtEcb("RUB", "2026-03-02"), "the ECB suspended it, and may publish it again").toBe(false);
  expect(hasEndedAtEcb("USD", "2008-12-31")).toBe(false);
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

test.skipIf(!existsSync(FULL))(
  "the currencies without a rate on the newest day have ended, at their last day (skipped where ../shared/data is missing)",
  () => {
    const [header = "", ...days] = readFileSync(FULL, "utf8").trim().split(/\r?\n/);
    const rows = days.map((day) => day.split(",")).toSorted(([a = ""], [b = ""]) => (a < b ? 1 : -1));
    for (const [column, code] of [...header.split(",").entries()].slice(1, -1)) {
      const last = rows.find((row) => row[column] !== "N/A")![0]!;
      expect(hasEndedAtEcb(code, last), `${code}, last on ${last}`).toBe(last < rows[0]![0]!);
    }
  },
);
