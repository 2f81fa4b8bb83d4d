import { expect, it } from "vitest";
import { hasFinalPrice, listingOf } from "#rules/portfolio/exchange.ts";

it.each([
  ["SPY", "SPY", "America/New_York", "USD"],
  ["VWCE.DE", "VWCE", "Europe/Berlin", "EUR"],
  ["CSPX.L", "CSPX", "Europe/London", null],
])("%s is %s on an exchange in %s", (symbol, ticker, zone, currency) => {
  expect(listingOf(symbol)).toMatchObject({ ticker, exchange: { zone, currency } });
});

it("an exchange that is not in the table is not guessed", () => {
  expect(listingOf("ABC.XX")).toBeUndefined();
});

it("a day's price is final some time after the close, on the exchange's clocks in summer and winter", () => {
  const { exchange } = listingOf("SPY")!;
  expect(hasFinalPrice(exchange, new Date("2026-07-10T20:19:00Z"))).toBe(false);
  expect(hasFinalPrice(exchange, new Date("2026-07-10T20:20:00Z"))).toBe(true);
  expect(hasFinalPrice(exchange, new Date("2026-01-09T21:19:00Z"))).toBe(false);
  expect(hasFinalPrice(exchange, new Date("2026-01-09T21:20:00Z"))).toBe(true);
});
