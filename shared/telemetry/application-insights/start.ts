import { setTimeout as sleep } from "node:timers/promises";
import type { AzureMonitorOpenTelemetryOptions } from "applicationinsights";
import { setForLibrary } from "#settings/config.ts";
import { followLogs } from "./logs.ts";
import { followMetrics } from "./metrics.ts";
import { followSpans } from "./spans.ts";

/** What is still here when the app ends may take so long to be sent. */
const LAST_MS = 2_000;

/** Sends what the channels of the app tell to Application Insights. Loading it takes a third of a second. */
export async function startApplicationInsights({
  connectionString,
  identity,
  samplingPercent,
}: {
  connectionString: string;
  /** `ClientId=…;Authorization=AAD`, its first part for a user-assigned identity alone. */
  identity: string | undefined;
  samplingPercent: number;
}): Promise<{ close(): Promise<void> }> {
  setForLibrary(NO_STATISTICS_FOR_ITS_MAKERS);
  const { useAzureMonitor, flushAzureMonitor, shutdownAzureMonitor } = await import("./library.ts");
  useAzureMonitor({
    azureMonitorExporterOptions: {
      connectionString,
      ...(identity && { credential: await credentialOf(identity) }),
      // What cannot be sent is not kept in files: the ledger is the record, and a disk of Azure Functions goes with the instance.
      disableOfflineStorage: true,
    },
    // Not the library's own five operations a second, of which a batch would be a lottery.
    tracesPerSecond: 0,
    samplingRatio: samplingPercent / 100,
    enableLiveMetrics: false,
    ...NOTHING_BY_ITSELF,
  });
  const ends = [followSpans(), followMetrics(), followLogs()];
  return {
    async close() {
      for (const end of ends) end();
      const sent = flushAzureMonitor().then(shutdownAzureMonitor);
      await Promise.race([sent.catch(() => undefined), sleep(LAST_MS, undefined, { ref: false })]);
    },
  };
}

/** Its hooks do not reach modules of a bundle, and what they would find is told by the app itself; errors are the host's to end with. */
const NOTHING_BY_ITSELF: AzureMonitorOpenTelemetryOptions = {
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

/** The library would tell Microsoft about its own use, at hosts that nobody allowed. */
const NO_STATISTICS_FOR_ITS_MAKERS = {
  APPLICATION_INSIGHTS_NO_STATSBEAT: "true",
  APPLICATIONINSIGHTS_STATSBEAT_DISABLED: "true",
  APPLICATIONINSIGHTS_SDKSTATS_DISABLED: "true",
};

async function credentialOf(identity: string) {
  const { ManagedIdentityCredential } = await import("#identity/managed-identity.ts");
  const clientId = /(?:^|;)\s*ClientId=([^;]+)/i.exec(identity)?.[1];
  return clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
}
