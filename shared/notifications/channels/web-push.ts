import webPush from "web-push";
import { type Outbound, outbound, type OutboundOptions } from "#providers/outbound.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { AllSubscriptionsGone, type Channel, type Message, type PushSubscription, truncate } from "../channel.ts";
import { isPushHost } from "../push-subscription.ts";

/** Bytes of a message that every push service accepts (RFC 8030, 7.2), less the overhead of encryption. */
const LONGEST_PAYLOAD = 3_072;
/** Seconds for which a service keeps a message for an offline browser. */
const KEPT_S = 86_400;

export interface WebPushOptions extends Pick<OutboundOptions, "timeoutMs" | "resolve" | "policy"> {
  readonly vapid: { readonly subject: string; readonly publicKey: string; readonly privateKey: string };
  /** `*.` matches any subdomain. */
  readonly hosts: readonly string[];
}

/**
 * Push messages to browsers (RFC 8030, 8188, 8291, 8292). The delivery succeeds when one browser of the recipient
 * accepts it. The topic is the notification's id: a second message replaces the first one until the browser fetches it.
 */
export function webPushChannel({ vapid, hosts, ...limits }: WebPushOptions): Channel {
  const clients = new Map<string, Outbound>();
  return {
    name: "push",
    async deliver(message, { signal }) {
      const payload = pushPayload(message);
      const results = await Promise.allSettled(
        message.subscriptions.map((subscription) => push(subscription, message, payload, signal)),
      );
      signal.throwIfAborted();
      const gone = message.subscriptions.filter((_, n) => isGone(results[n]!)).map(({ endpoint }) => endpoint);
      const accepted = results.find((result) => result.status === "fulfilled");
      if (accepted) return { providerMessageId: accepted.value, gone };
      const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
      const retryable = errors.find((error) => error instanceof ProviderError && !isFinal(error));
      if (retryable) throw retryable;
      if (gone.length === results.length) throw new AllSubscriptionsGone(gone);
      throw errors[0]!;
    },
    close() {
      for (const client of clients.values()) client.close();
    },
  };

  async function push(
    subscription: PushSubscription,
    { id, severity }: Message,
    payload: string,
    signal: AbortSignal,
  ): Promise<string | null> {
    const isUrgent = severity === "SEV0" || severity === "SEV1";
    const { method, headers, body } = webPush.generateRequestDetails(subscription, payload, {
      vapidDetails: vapid,
      TTL: KEPT_S,
      urgency: isUrgent ? "high" : "normal",
      topic: id.replaceAll("-", ""),
    });
    // The endpoint is a secret: anyone who knows it can send to that browser.
    const response = await clientOf(subscription.endpoint).call(subscription.endpoint, {
      method,
      body,
      signal,
      secrets: [subscription.endpoint, new URL(subscription.endpoint).pathname],
      headers,
    });
    response.discard();
    return response.headers.location ?? null;
  }

  function clientOf(endpoint: string): Outbound {
    const { origin, host } = new URL(endpoint);
    if (!isPushHost(host, hosts)) {
      const sentence = `web-push was not called: ${host} is not in WEB_PUSH_HOSTS`;
      throw new ProviderError(sentence, { provider: "web-push", errorClass: "validation" });
    }
    const client =
      clients.get(origin) ??
      outbound({ provider: "web-push", limitedAs: `web-push:${new URL(origin).host}`, baseUrl: origin, ...limits });
    clients.set(origin, client);
    return client;
  }
}

/** The payload for the service worker: `{ id, severity, type, title, body, data }`, the body truncated to the limit. */
export function pushPayload({ id, severity, type, title, body, data }: Message): string {
  const whole = JSON.stringify({ id, severity, type, title, body, data });
  if (Buffer.byteLength(whole) <= LONGEST_PAYLOAD) return whole;
  for (let length = 1_500; ; length = Math.floor(length / 2)) {
    const short = JSON.stringify({ id, severity, type, title, body: truncate(body, length) });
    if (Buffer.byteLength(short) <= LONGEST_PAYLOAD) return short;
  }
}

function isGone(result: PromiseSettledResult<unknown>): boolean {
  if (result.status === "fulfilled" || !(result.reason instanceof ProviderError)) return false;
  return result.reason.status === 404 || result.reason.status === 410;
}

function isFinal({ errorClass }: ProviderError): boolean {
  return errorClass === "validation" || errorClass === "auth";
}
