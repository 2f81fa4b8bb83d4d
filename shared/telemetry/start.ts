import type { Config } from "#settings/config.ts";

/** What leaves this process about it. */
export interface Telemetry {
  /** Sends what is still here, for two seconds at most. */
  close(): Promise<void>;
}

/** Nothing leaves the process, and nothing is loaded for it, unless Application Insights is configured. */
export async function startTelemetry(config: Config): Promise<Telemetry> {
  const { APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString } = config;
  if (!connectionString) return { close: () => Promise.resolve() };
  const { startApplicationInsights } = await import("./application-insights/start.ts");
  return startApplicationInsights({
    connectionString,
    identity: config.APPLICATIONINSIGHTS_AUTHENTICATION_STRING,
    samplingPercent: config.TELEMETRY_SAMPLING_PERCENT,
  });
}
