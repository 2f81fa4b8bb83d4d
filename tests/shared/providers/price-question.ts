import type { EtfProvider, PriceQuestion } from "#providers/etf-provider.ts";
import { troubleOf } from "./service.ts";

/** All prices of a sample ETF in euros, unless said otherwise. */
export function questionOf(given: Partial<PriceQuestion> = {}): PriceQuestion {
  return { symbol: "SMPW.DE", from: null, series: null, currency: null, ...given };
}

/** What the provider says is wrong. */
export async function wordsOf(
  provider: Pick<EtfProvider, "prices">,
  given: Partial<PriceQuestion> = {},
): Promise<string> {
  return (await troubleOf(() => provider.prices(questionOf(given)))).message;
}
