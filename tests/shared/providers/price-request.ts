import type { EtfProvider, PriceRequest } from "#providers/etf-provider.ts";
import { providerErrorOf } from "./scripted-server.ts";

/** A request for all prices of a sample ETF; `given` overrides its fields. */
export function requestOf(given: Partial<PriceRequest> = {}): PriceRequest {
  return { symbol: "SMPW.DE", from: null, series: null, currency: null, ...given };
}

/** The message of the error that the provider throws. */
export async function messageOf(
  provider: Pick<EtfProvider, "prices">,
  given: Partial<PriceRequest> = {},
): Promise<string> {
  return (await providerErrorOf(() => provider.prices(requestOf(given)))).message;
}
