import { setTimeout as sleep } from "node:timers/promises";
import type { AzureMonitorOpenTelemetryOptions } from "applicationinsights";
import { setForLibrary } from "#settings/environment.ts";
import { exportLogs } from "./export-logs.ts";
import { exportMetrics } from "./export-metrics.ts";
import { exportSpans } from "./export-spans.ts";

/** At the end of the app the last telemetry may take this long to be sent. */
const FLUSH_TIMEOUT_MS = 2_000;

/**
 * Sends the messages of the app's diagnostics channels to Application Insights. Loading the library takes a third of a
 * second.
 */
export async function startApplicationInsights({
  connectionString,
  identity,
  samplingPercent,
}: {
  connectionString: string;
  /** `ClientId=…;Authorization=AAD`; the first part is for a user-assigned identity only. */
  identity: string | undefined;
  samplingPercent: number;
}): Promise<{ close(): Promise<void> }> {
  setForLibrary(NO_STATSBEAT);
  const { useAzureMonitor, flushAzureMonitor, shutdownAzureMonitor } = await import("./azure-monitor.ts");
  useAzureMonitor({
    azureMonitorExporterOptions: {
      connectionString,
      ...(identity && { credential: await credentialOf(identity) }),
      // Unsent telemetry is not kept in files: the ledger is the record, and the disk of an instance ends with it.
      disableOfflineStorage: true,
    },
    // By default the library samples five traces a second: the spans of a batch would be sent by chance.
    tracesPerSecond: 0,
    samplingRatio: samplingPercent / 100,
    enableLiveMetrics: false,
    ...NO_AUTO_COLLECTION,
  });
  const ends = [exportSpans(), exportMetrics(), exportLogs()];
  return {
    async close() {
      for (const end of ends) end();
      const sent = flushAzureMonitor().then(shutdownAzureMonitor);
      await Promise.race([sent.catch(() => undefined), sleep(FLUSH_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

/**
 * The library's hooks do not reach the modules of a bundle, and the app publishes the same facts itself. The host
 * handles uncaught exceptions.
 */
const NO_AUTO_COLLECTION: AzureMonitorOpenTelemetryOptions = {
  enableAutoCollectExceptions: false,
  enableAutoCollectPerformance: false,
  enablePerformanceCounters: false,
  enableStandardMetrics: false,
  instrumentationOptions: Object.fromEntries(
    ["azureSdk", "http", "mongoDb", "mySql", "postgreSql", "redis", "redis4", "bunyan", "winston", "console"].map(
      (name) => [name, { enabled: false }],
    ),
  ),
};

/** Statsbeat would send statistics about the library to hosts of Microsoft that are not on the app's list. */
const NO_STATSBEAT = {
  APPLICATION_INSIGHTS_NO_STATSBEAT: "true",
  APPLICATIONINSIGHTS_STATSBEAT_DISABLED: "true",
  APPLICATIONINSIGHTS_SDKSTATS_DISABLED: "true",
};

async function credentialOf(identity: string) {
  const { ManagedIdentityCredential } = await import("#identity/managed-identity.ts");
  const clientId = /(?:^|;)\s*ClientId=([^;]+)/i.exec(identity)?.[1];
  return clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
}
