import { expect, it } from "vitest";
import { isEtfSymbol, isIsin } from "#rules/portfolio/etf-symbol.ts";

it.each(["VWCE.DE", "SPY", "BRK-B", "^GSPC", "EURUSD=X", "0P0000.L"])("%s is a symbol", (symbol) => {
  expect(isEtfSymbol(symbol)).toBe(true);
});

it.each(["", "vwce.de", ".DE", "A B", "A/B", "A".repeat(33)])("%j is not a symbol", (symbol) => {
  expect(isEtfSymbol(symbol)).toBe(false);
});

it.each([
  ["IE00BK5BQT80", true],
  ["US0378331005", true],
  ["DE0005933931", true],
  ["IE00BK5BQT81", false],
  ["US0378331050", false],
  ["ie00bk5bqt80", false],
  ["US037833100", false],
])("%s: %s", (isin, isRight) => {
  expect(isIsin(isin)).toBe(isRight);
});
