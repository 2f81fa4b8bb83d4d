import { outbound, type OutboundOptions } from "#providers/outbound.ts";
import type { Channel, Message } from "../channel.ts";
import { signatureOf } from "../webhook-signature.ts";

export interface WebhookOptions extends Pick<OutboundOptions, "timeoutMs" | "resolve" | "policy" | "now"> {
  readonly url: string;
  readonly secret: string;
}

/**
 * Sends every notification as signed JSON to one address, in the format of Standard Webhooks (standardwebhooks.com).
 * `webhook-id` is the notification's id and the same for each retry, so that the receiver can drop duplicates.
 */
export function webhook({ url, secret, now = () => new Date(), ...limits }: WebhookOptions): Channel {
  const client = outbound({ provider: "webhook", baseUrl: new URL("/", url).href, secrets: [secret], now, ...limits });
  return {
    name: "webhook",
    async deliver(message, { signal }) {
      const body = webhookBody(message);
      const timestamp = Math.floor(now().getTime() / 1_000);
      const response = await client.call(url, {
        method: "POST",
        body,
        signal,
        headers: {
          "content-type": "application/json",
          "webhook-id": message.id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signatureOf({ secret, id: message.id, timestamp, body }),
        },
      });
      response.discard();
      return { providerMessageId: message.id };
    },
    close: () => {
      client.close();
    },
  };
}

function webhookBody({ id, recipient, severity, type, title, body, data, createdAt }: Message): string {
  return JSON.stringify({ id, type, severity, recipient, title, body, data, createdAt: createdAt.toISOString() });
}
