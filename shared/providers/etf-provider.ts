import type { CivilDate } from "#rules/civil-date.ts";
import type { EtfFacts, PricePoint, SeriesKind } from "#rules/portfolio/price-series.ts";
import type { Split } from "#rules/portfolio/split.ts";
import { ProviderError } from "./provider-error.ts";

export interface PriceRequest {
  /** In Yahoo's spelling; each provider converts it to its own. */
  readonly symbol: string;
  /** The first requested day; null for all days. */
  readonly from: CivilDate | null;
  /** The kind of the stored series, which the response must have; null accepts any kind. */
  readonly series: SeriesKind | null;
  /** Of the stored prices; null when there are none. */
  readonly currency: string | null;
}

/** Finished trading days of one ETF, oldest first, at least one, in whole units of its currency. */
export interface PriceSeries extends EtfFacts {
  /** Name of the provider. */
  readonly source: string;
  /** At the scale after the last split, also where the provider has not adjusted the earlier days yet. */
  readonly points: readonly PricePoint[];
  /** The splits within these days that the provider states. */
  readonly splits: readonly Split[];
}

export interface EtfOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A service with daily prices of ETFs. Every failure is a ProviderError that names the symbol and the reason. */
export interface EtfProvider {
  readonly name: string;
  /** The kind of all of its prices. */
  readonly series: SeriesKind;
  prices(request: PriceRequest, options?: EtfOptions): Promise<PriceSeries>;
}

/** The error for a request that the provider cannot answer: nothing was sent. */
export function unsupportedRequest(
  provider: string,
  { symbol }: Pick<PriceRequest, "symbol">,
  why: string,
): ProviderError {
  return new ProviderError(`${provider} was not called for ${symbol}: ${why}`, { provider, errorClass: "validation" });
}
