import { createHash, createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { outbound, type OutboundOptions } from "#providers/outbound.ts";
import { retryAfterMs } from "#providers/outbound/retry-after.ts";
import { ProviderError } from "#providers/provider-error.ts";
import type { Channel, Message, Receipt } from "../channel.ts";
import { emailOf } from "../email.ts";

const VERSION = "api-version=2023-03-31";
/** How often one attempt polls the operation; the next attempt continues to poll. */
const MAX_POLLS = 5;

const operation = z.object({
  id: z.string(),
  status: z.enum(["NotStarted", "Running", "Succeeded", "Failed", "Canceled"]),
  error: z.object({ code: z.string().optional(), message: z.string().optional() }).nullish(),
});

/** The access key, or a function that gets a token of the app's identity for Communication Services. */
export type AcsAccess = { readonly accessKey: string } | { readonly token: () => Promise<string> };

export interface AcsEmailOptions extends Pick<OutboundOptions, "timeoutMs" | "resolve" | "policy" | "now"> {
  readonly endpoint: string;
  readonly access: AcsAccess;
  readonly from: string;
  /** Milliseconds between two polls when the service names no wait. Default 2,000. */
  readonly pollMs?: number;
}

/**
 * E-mail by Azure Communication Services (REST, 2023-03-31). The notification's id is the operation id: a retry after
 * an unknown outcome first reads that operation and sends only when it does not exist.
 */
export function acsEmail({ endpoint, access, from, pollMs = 2_000, ...options }: AcsEmailOptions): Channel {
  const { now = () => new Date() } = options;
  const secrets = "accessKey" in access ? [access.accessKey] : [];
  const client = outbound({ provider: "acs-email", baseUrl: endpoint, secrets, ...options });
  return {
    name: "email",
    async deliver(message, { signal }) {
      const known = message.triedAt ? await poll(message, signal) : undefined;
      const { state, waitMs } = known ?? (await send(message, signal));
      return receiptOf(message, state, waitMs, signal);
    },
    close: () => {
      client.close();
    },
  };

  async function send(message: Message, signal: AbortSignal) {
    const { subject, text, html } = emailOf(message);
    const body = JSON.stringify({
      senderAddress: from,
      recipients: { to: [{ address: message.address }] },
      content: { subject, plainText: text, html },
      userEngagementTrackingDisabled: true,
    });
    return call("POST", `/emails:send?${VERSION}`, { message, body, signal });
  }

  /** The current operation; undefined when the service has none. */
  async function poll(message: Message, signal: AbortSignal) {
    try {
      return await call("GET", `/emails/operations/${message.id}?${VERSION}`, { message, body: "", signal });
    } catch (error) {
      if (error instanceof ProviderError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Polls until the operation ends. */
  async function receiptOf(
    message: Message,
    first: z.infer<typeof operation>,
    firstWaitMs: number | undefined,
    signal: AbortSignal,
  ): Promise<Receipt> {
    let [state, waitMs] = [first, firstWaitMs];
    for (let polls = 0; state.status === "NotStarted" || state.status === "Running"; polls++) {
      if (polls === MAX_POLLS) throw failure(`is still ${state.status}`, "transient");
      await sleep(Math.min(waitMs ?? pollMs, 10_000), undefined, { signal });
      const current = await poll(message, signal);
      if (!current) throw failure("does not exist anymore", "transient");
      ({ state, waitMs } = current);
    }
    if (state.status === "Succeeded") return { providerMessageId: state.id };
    throw failure(`ended ${state.status}: ${state.error?.message ?? "no reason given"}`, "validation");

    function failure(what: string, errorClass: "transient" | "validation") {
      return new ProviderError(`acs-email: the operation ${message.id} ${what}`, { provider: "acs-email", errorClass });
    }
  }

  async function call(
    method: "GET" | "POST",
    path: string,
    { message, body, signal }: { message: Message; body: string; signal: AbortSignal },
  ) {
    const target = new URL(path, endpoint);
    const response = await client.call(target, {
      method,
      signal,
      accept: "application/json",
      secrets: [message.address],
      ...(method === "POST" && { body }),
      headers: {
        ...(await authorization(method, target, body)),
        "x-ms-client-request-id": message.id,
        ...(method === "POST" && {
          "content-type": "application/json",
          "operation-id": message.id,
          // The older form of the operation id (OASIS Repeatable Requests).
          "repeatability-request-id": message.id,
          "repeatability-first-sent": message.createdAt.toUTCString(),
        }),
      },
    });
    const waitMs = retryAfterMs(response.headers, now());
    return { state: operation.parse(JSON.parse(await response.text())), waitMs };
  }

  /** An HMAC over verb, path, date, host and the hash of the body; or a token. */
  async function authorization(method: string, target: URL, body: string): Promise<Record<string, string>> {
    if ("token" in access) return { authorization: `Bearer ${await access.token()}` };
    const date = now().toUTCString();
    const hash = createHash("sha256").update(body).digest("base64");
    const signed = `${method}\n${target.pathname}${target.search}\n${date};${target.host};${hash}`;
    const signature = createHmac("sha256", Buffer.from(access.accessKey, "base64")).update(signed).digest("base64");
    return {
      "x-ms-date": date,
      "x-ms-content-sha256": hash,
      authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
    };
  }
}

/** Endpoint and key of a connection string. */
export function readAcsConnection(connectionString: string): { endpoint: string; accessKey: string } {
  const parts = connectionString.split(";").map((part) => {
    const at = part.indexOf("=");
    return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()] as const;
  });
  const { endpoint, accesskey } = Object.fromEntries(parts) as Record<string, string | undefined>;
  if (!endpoint || !accesskey) throw new TypeError("ACS_EMAIL: expected endpoint=https://…;accesskey=…");
  return { endpoint, accessKey: accesskey };
}
