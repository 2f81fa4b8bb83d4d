import { duration, listOf, type Setting, text, url } from "./setting.ts";

/** Exchange rates and ETF prices. */
export const PORTFOLIO_SETTINGS = {
  FX_PROVIDERS: listOf(["ecb", "frankfurter"], {
    about: "Sources of exchange rates in order of preference; when one fails, the next is used.",
    fallback: "ecb,frankfurter",
  }),
  ECB_BASE_URL: url(["https", "http"], {
    about: "Base address of the European Central Bank's files.",
    fallback: "https://www.ecb.europa.eu/stats/eurofxref",
  }),
  FRANKFURTER_BASE_URL: url(["https", "http"], {
    about: "Base address of the Frankfurter API.",
    fallback: "https://api.frankfurter.dev/v1",
  }),
  ETF_PROVIDERS: listOf(["yahoo", "alpha-vantage", "twelve-data", "stooq"], {
    about: "Sources of ETF prices in order of preference; when one fails, the next is used. All but yahoo need a key.",
    fallback: "yahoo",
  }),
  YAHOO_BASE_URL: url(["https", "http"], {
    about: "Base address of Yahoo's chart API, version 8.",
    fallback: "https://query1.finance.yahoo.com/v8/finance/chart",
  }),
  ALPHA_VANTAGE_BASE_URL: url(["https", "http"], {
    about: "Base address of Alpha Vantage's API.",
    fallback: "https://www.alphavantage.co",
  }),
  ALPHA_VANTAGE_KEY: text({ about: "Key of Alpha Vantage's API.", secret: true }),
  TWELVE_DATA_BASE_URL: url(["https", "http"], {
    about: "Base address of Twelve Data's API.",
    fallback: "https://api.twelvedata.com",
  }),
  TWELVE_DATA_KEY: text({ about: "Key of Twelve Data's API.", secret: true }),
  STOOQ_BASE_URL: url(["https", "http"], {
    about: "Base address of Stooq's CSV files.",
    fallback: "https://stooq.com",
  }),
  STOOQ_KEY: text({ about: "Key of Stooq's CSV files, required since March 2026.", secret: true }),
  ETF_RETRY_DELAY: duration("1ms", "1m", {
    about: "Delay before a synchronisation retries one ETF's prices; it doubles at each of up to three retries.",
    fallback: "2s",
  }),
} satisfies Record<string, Setting<unknown>>;

const KEY_OF_PROVIDER: Readonly<Record<string, string>> = {
  "alpha-vantage": "ALPHA_VANTAGE_KEY",
  "twelve-data": "TWELVE_DATA_KEY",
  stooq: "STOOQ_KEY",
};

/** A provider that is listed without its key would fail at each request. */
export function portfolioFaults(values: Readonly<Record<string, unknown>>): string[] {
  const providers = (values.ETF_PROVIDERS ?? []) as readonly string[];
  return providers.flatMap((provider) => {
    const key = KEY_OF_PROVIDER[provider];
    return key && values[key] === undefined ? [`${key} is missing: ETF_PROVIDERS names ${provider}`] : [];
  });
}
