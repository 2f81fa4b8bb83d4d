import type { Config } from "#settings/config.ts";

/** The telemetry that this process sends. */
export interface Telemetry {
  /** Sends what is buffered, for at most two seconds. */
  close(): Promise<void>;
}

/** Starts Application Insights if the settings configure it; otherwise it loads and sends nothing. */
export async function startTelemetry(config: Config): Promise<Telemetry> {
  const { APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString } = config;
  if (!connectionString) return { close: () => Promise.resolve() };
  const { startApplicationInsights } = await import("./application-insights/start-application-insights.ts");
  return startApplicationInsights({
    connectionString,
    identity: config.APPLICATIONINSIGHTS_AUTHENTICATION_STRING,
    samplingPercent: config.TELEMETRY_SAMPLING_PERCENT,
  });
}
