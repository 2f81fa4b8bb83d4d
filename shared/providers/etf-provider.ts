import type { CivilDate } from "#rules/civil-date.ts";
import type { EtfFacts, PricePoint, SeriesKind } from "#rules/portfolio/price-series.ts";
import { ProviderError } from "./provider-error.ts";

export interface PriceQuestion {
  /** As Yahoo writes it; the others are asked in their own way. */
  readonly symbol: string;
  /** The first day that is wanted; null for all there are. */
  readonly from: CivilDate | null;
  /** What the answer has to be to continue the stored prices; null for what may be of any kind. */
  readonly series: SeriesKind | null;
  /** Of the stored prices; null when there are none. */
  readonly currency: string | null;
}

/** Finished trading days of one ETF, oldest first, at least one, in whole units of its currency. */
export interface PriceSeries extends EtfFacts {
  /** Name of the provider. */
  readonly source: string;
  readonly points: readonly PricePoint[];
}

export interface EtfOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A service that has daily prices of ETFs. Every failure is a ProviderError that names the symbol and what was wrong. */
export interface EtfProvider {
  readonly name: string;
  /** What all of its prices are. */
  readonly series: SeriesKind;
  prices(question: PriceQuestion, options?: EtfOptions): Promise<PriceSeries>;
}

/** The provider cannot be asked this: nothing was sent. */
export function notAsked(provider: string, { symbol }: Pick<PriceQuestion, "symbol">, why: string): ProviderError {
  return new ProviderError(`${provider} was not asked for ${symbol}: ${why}`, { provider, errorClass: "validation" });
}
