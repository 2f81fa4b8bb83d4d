import { duration, listOf, text, url, type Setting } from "./setting.ts";

/** Exchange rates and ETF prices. */
export const PORTFOLIO_SETTINGS = {
  FX_PROVIDERS: listOf(["ecb", "frankfurter"], {
    about: "Sources of exchange rates in order; the next is asked when one fails.",
    fallback: "ecb,frankfurter",
  }),
  ECB_BASE_URL: url(["https", "http"], {
    about: "Where the European Central Bank's files lie.",
    fallback: "https://www.ecb.europa.eu/stats/eurofxref",
  }),
  FRANKFURTER_BASE_URL: url(["https", "http"], {
    about: "The Frankfurter API.",
    fallback: "https://api.frankfurter.dev/v1",
  }),
  ETF_PROVIDERS: listOf(["yahoo", "alpha-vantage", "twelve-data", "stooq"], {
    about: "Sources of ETF prices in order; the next is asked when one fails. All but yahoo need their key.",
    fallback: "yahoo",
  }),
  YAHOO_BASE_URL: url(["https", "http"], {
    about: "Where Yahoo's charts, v8, are.",
    fallback: "https://query1.finance.yahoo.com/v8/finance/chart",
  }),
  ALPHA_VANTAGE_BASE_URL: url(["https", "http"], {
    about: "The API of Alpha Vantage.",
    fallback: "https://www.alphavantage.co",
  }),
  ALPHA_VANTAGE_KEY: text({ about: "Key of Alpha Vantage.", secret: true }),
  TWELVE_DATA_BASE_URL: url(["https", "http"], {
    about: "The API of Twelve Data.",
    fallback: "https://api.twelvedata.com",
  }),
  TWELVE_DATA_KEY: text({ about: "Key of Twelve Data.", secret: true }),
  STOOQ_BASE_URL: url(["https", "http"], { about: "Where Stooq's CSV files are made.", fallback: "https://stooq.com" }),
  STOOQ_KEY: text({ about: "Key of Stooq, which its CSV files need since March 2026.", secret: true }),
  ETF_RETRY_DELAY: duration("1ms", "1m", {
    about: "Wait before a synchronisation asks again for one ETF's prices, at most three times; it doubles each time.",
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
