import type { TokenCredential } from "@azure/identity";
import { openOnce } from "#diagnostics/open-once.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Config } from "#settings/config.ts";
import { openRealtime, type Realtime } from "./realtime.ts";

/** The Web PubSub service of the settings; null when the settings name none. */
export function configuredRealtime(config: Config, log: JobLog): Realtime | null {
  const { WEB_PUBSUB: connectionString, WEB_PUBSUB__endpoint: endpoint, WEB_PUBSUB_HUB: hub } = config;
  if (connectionString) return openRealtime({ connectionString, hub, log });
  if (endpoint) return openRealtime({ endpoint, credential: managedIdentity(config.WEB_PUBSUB__clientId), hub, log });
  return null;
}

/** The app's managed identity; the first token loads its library. */
function managedIdentity(clientId: string | undefined): TokenCredential {
  const credential = openOnce(async () => {
    const { ManagedIdentityCredential } = await import("#identity/managed-identity.ts");
    return clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
  });
  return { getToken: async (...asked) => (await credential()).getToken(...asked) };
}
