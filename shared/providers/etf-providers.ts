import type { CallPolicy } from "#jobs/call-policy.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Config } from "#settings/config.ts";
import { alphaVantage } from "./alpha-vantage.ts";
import type { EtfProvider } from "./etf-provider.ts";
import { etfWithFallback } from "./provider-fallback.ts";
import { rateLimitGuard } from "./rate-limit-guard.ts";
import { stooq } from "./stooq.ts";
import { twelveData } from "./twelve-data.ts";
import { yahoo } from "./yahoo.ts";

export type EtfSettings = Pick<
  Config,
  | "ETF_PROVIDERS"
  | "YAHOO_BASE_URL"
  | "ALPHA_VANTAGE_BASE_URL"
  | "ALPHA_VANTAGE_KEY"
  | "TWELVE_DATA_BASE_URL"
  | "TWELVE_DATA_KEY"
  | "STOOQ_BASE_URL"
  | "STOOQ_KEY"
  | "OUTBOUND_TIMEOUT"
>;

/**
 * The sources of ETF prices of the settings, in their order, as one. Each has its own rate-limit guard.
 * @param policy of the calls; undefined: every call starts at once
 */
export function etfProviders(
  settings: EtfSettings,
  log: Pick<JobLog, "warn">,
  policy?: CallPolicy,
  now: () => Date = () => new Date(),
): Pick<EtfProvider, "name" | "prices"> {
  const shared = { timeoutMs: settings.OUTBOUND_TIMEOUT, now, policy };
  const known = {
    yahoo: () => yahoo({ baseUrl: settings.YAHOO_BASE_URL, ...shared }),
    // The settings check that a provider that needs a key has one.
    "alpha-vantage": () =>
      alphaVantage({ baseUrl: settings.ALPHA_VANTAGE_BASE_URL, key: settings.ALPHA_VANTAGE_KEY ?? "", ...shared }),
    "twelve-data": () =>
      twelveData({ baseUrl: settings.TWELVE_DATA_BASE_URL, key: settings.TWELVE_DATA_KEY ?? "", ...shared }),
    stooq: () => stooq({ baseUrl: settings.STOOQ_BASE_URL, key: settings.STOOQ_KEY ?? "", ...shared }),
  };
  return etfWithFallback(
    settings.ETF_PROVIDERS.map((name) => rateLimitGuard(known[name](), now, policy)),
    ({ provider, error }) => {
      log.warn("A provider failed; the next one is called", { provider, error });
    },
  );
}
