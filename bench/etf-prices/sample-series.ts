import type { PriceSeries } from "../../shared/providers/etf-provider.ts";
import { addDays, isWeekend } from "../../shared/rules/civil-date.ts";

/** As many trading days up to 2026-04-10, with prices of as many digits as Yahoo prints. */
export function sampleSeries(etf: number, days: number): PriceSeries {
  const points = [];
  for (let date = "2026-04-10"; points.length < days; date = addDays(date, -1)) {
    if (isWeekend(date)) continue;
    const price = Math.fround(80 + 20 * Math.sin(etf + points.length / 30));
    const [open, high, low, close] = [price, price + 1, price - 1, price + 0.25].map((value) =>
      String(Math.fround(value)),
    );
    points.push({ date, open: open!, high: high!, low: low!, close: close!, adjustedClose: close!, volume: "123456" });
  }
  points.reverse();
  return { source: "yahoo", series: "raw", currency: "USD", name: "A fund", exchange: "NYSEArca", points };
}
