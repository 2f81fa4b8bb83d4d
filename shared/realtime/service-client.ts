import type { TokenCredential } from "@azure/identity";
import type { WebPubSubServiceClient } from "@azure/web-pubsub";
import { openOnce } from "#diagnostics/open-once.ts";
import type { LiveEvent } from "./live-event.ts";

/** How to reach Web PubSub: with a connection string that holds the key, or with an identity. */
export type RealtimeService =
  | { readonly connectionString: string }
  | {
      /** `https://….webpubsub.azure.com` */
      readonly endpoint: string;
      readonly credential: TokenCredential;
    };

export interface ClientAccess {
  readonly userId: string;
  readonly channels: readonly string[];
  readonly minutes: number;
}

/** The two operations of Web PubSub that the app uses. The first call loads the SDK. */
export interface ServiceClient {
  readonly send: (channel: string, events: readonly LiveEvent[], signal: AbortSignal) => Promise<void>;
  readonly clientUrl: (access: ClientAccess, signal: AbortSignal) => Promise<string>;
}

/** @throws TypeError at once when the hub or the address is invalid */
export function serviceClient(service: RealtimeService, hub: string): ServiceClient {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,127}$/.test(hub)) {
    throw new TypeError(
      `WEB_PUBSUB_HUB: expected a letter, then letters, digits or _, at most 128, got ${JSON.stringify(hub)}`,
    );
  }
  // Only the emulator on this machine may be called without TLS.
  const options = { allowInsecureConnection: isPlainLoopback(service), retryOptions: { maxRetries: 0 } };
  const client = openOnce(async (): Promise<WebPubSubServiceClient> => {
    const { WebPubSubServiceClient: Client } = await import("@azure/web-pubsub");
    return "connectionString" in service
      ? new Client(service.connectionString, hub, options)
      : new Client(service.endpoint, service.credential, hub, options);
  });
  return {
    async send(channel, events, signal) {
      await (await client()).group(channel).sendToAll([...events], { abortSignal: signal });
    },
    async clientUrl({ userId, channels, minutes }, signal) {
      // Without roles: the holder of this token receives its channels and can neither join others nor send.
      const { url } = await (
        await client()
      ).getClientAccessToken({
        userId,
        groups: [...channels],
        expirationTimeInMinutes: minutes,
        abortSignal: signal,
      });
      return url;
    },
  };
}

/** Checks the address. @returns whether it is http on this machine */
function isPlainLoopback(service: RealtimeService): boolean {
  const [setting, address] =
    "connectionString" in service
      ? (["WEB_PUBSUB", endpointOf(service.connectionString)] as const)
      : (["WEB_PUBSUB__endpoint", service.endpoint] as const);
  const url = URL.parse(address);
  if (url?.protocol === "https:") return false;
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(url?.hostname ?? "");
  if (url?.protocol === "http:" && isLoopback) return true;
  throw new TypeError(
    `${setting}: expected an https address, or http on this machine, got ${JSON.stringify(url?.origin ?? address)}`,
  );
}

function endpointOf(connectionString: string): string {
  const parts = new Map(
    connectionString.split(";").map((part) => {
      const [name = "", ...value] = part.split("=");
      return [name.trim().toLowerCase(), value.join("=")];
    }),
  );
  const endpoint = parts.get("endpoint");
  if (endpoint && parts.get("accesskey")) return endpoint;
  throw new TypeError(
    "WEB_PUBSUB: expected Endpoint=https://….webpubsub.azure.com;AccessKey=…;Version=1.0;, got a value that is not shown " +
      `without ${endpoint ? "AccessKey" : "Endpoint"}`,
  );
}
