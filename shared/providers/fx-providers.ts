import type { CallPolicy } from "#jobs/call-policy.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Config } from "#settings/config.ts";
import { ecb } from "./ecb.ts";
import { frankfurter } from "./frankfurter.ts";
import { type FxProviders, fxWithFallback } from "./provider-fallback.ts";

/**
 * The sources of exchange rates of the settings, in their order, as one.
 * @param policy of the calls; undefined: every call starts at once
 */
export function fxProviders(
  settings: Pick<Config, "FX_PROVIDERS" | "ECB_BASE_URL" | "FRANKFURTER_BASE_URL" | "OUTBOUND_TIMEOUT">,
  log: Pick<JobLog, "warn">,
  policy?: CallPolicy,
  now: () => Date = () => new Date(),
): FxProviders {
  const limits = { timeoutMs: settings.OUTBOUND_TIMEOUT, now, policy };
  const known = {
    ecb: () => ecb({ baseUrl: settings.ECB_BASE_URL, ...limits }),
    frankfurter: () => frankfurter({ baseUrl: settings.FRANKFURTER_BASE_URL, ...limits }),
  };
  return fxWithFallback(
    settings.FX_PROVIDERS.map((name) => known[name]()),
    ({ provider, error }) => {
      log.warn("A provider failed; the next one is called", { provider, error });
    },
  );
}
