import { type Setting, whole } from "./setting.ts";

/** The provider layer: rate limits, quotas and circuit breakers, which all processes share. */
export const PROVIDER_SETTINGS = {
  API_CALLS_RETENTION_DAYS: whole(1, 3_650, {
    about: "Days that the counts of calls to providers are kept. The same hour of four weeks needs 28.",
    fallback: "35",
  }),
} satisfies Record<string, Setting<unknown>>;
