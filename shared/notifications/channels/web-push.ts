import webPush from "web-push";
import { type Outbound, outbound, type OutboundOptions } from "#providers/outbound.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { AllSubscriptionsGone, type Channel, cut, type Message, type PushSubscription } from "../channel.ts";
import { isPushHost } from "../push-subscription.ts";

/** Bytes of an encrypted message that every push service takes (RFC 8030, 7.2), less what encryption adds. */
const LONGEST_PAYLOAD = 3_072;
/** Seconds that a service keeps a message for a browser that is away. */
const KEPT_S = 86_400;

export interface WebPushOptions extends Pick<OutboundOptions, "timeoutMs" | "resolve"> {
  readonly vapid: { readonly subject: string; readonly publicKey: string; readonly privateKey: string };
  /** `*.` stands for any name below. */
  readonly hosts: readonly string[];
}

/**
 * Push messages to browsers (RFC 8030, 8188, 8291, 8292). A recipient has it when one of the browsers does. The topic is the
 * notification's: a message that is sent again replaces the first one as long as that has not been fetched.
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
      const taken = results.find((result) => result.status === "fulfilled");
      if (taken) return { providerMessageId: taken.value, gone };
      const troubles = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
      const passing = troubles.find((error) => error instanceof ProviderError && !isFinal(error));
      if (passing) throw passing;
      if (gone.length === results.length) throw new AllSubscriptionsGone(gone);
      throw troubles[0]!;
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
    // The endpoint is a secret: whoever knows it may send to that browser.
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
      const sentence = `web-push was not called: ${host} is none of WEB_PUSH_HOSTS`;
      throw new ProviderError(sentence, { provider: "web-push", errorClass: "validation" });
    }
    const client = clients.get(origin) ?? outbound({ provider: "web-push", baseUrl: origin, ...limits });
    clients.set(origin, client);
    return client;
  }
}

/** What the service worker gets: `{ id, severity, type, title, body, data }`, the body cut to what services take. */
export function pushPayload({ id, severity, type, title, body, data }: Message): string {
  const whole = JSON.stringify({ id, severity, type, title, body, data });
  if (Buffer.byteLength(whole) <= LONGEST_PAYLOAD) return whole;
  for (let length = 1_500; ; length = Math.floor(length / 2)) {
    const short = JSON.stringify({ id, severity, type, title, body: cut(body, length) });
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
