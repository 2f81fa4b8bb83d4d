import { ProviderError } from "#providers/provider-error.ts";
import type { ChannelName, Severity } from "./notification.ts";

/** A notification on its way to one address. */
export interface Message {
  /** The notification's, a UUID: the idempotency key wherever a provider knows one. */
  readonly id: string;
  readonly recipient: string;
  readonly severity: Severity;
  readonly type: string;
  readonly title: string;
  /** Plain text. */
  readonly body: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  /** From the allow-list; empty where the channel's address is a setting or its subscriptions. */
  readonly address: string;
  /** For web push alone. */
  readonly subscriptions: readonly PushSubscription[];
  /** When an earlier attempt began of which nobody knows whether it arrived. Null: there is none such. */
  readonly triedAt: Date | null;
}

/** A browser that takes push messages (Push API). */
export interface PushSubscription {
  readonly endpoint: string;
  /** The browser's public key and its secret, base64url (RFC 8291). */
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** A provider took the message. */
export interface Receipt {
  readonly providerMessageId: string | null;
  /** The recipient has another address from now on. */
  readonly movedTo?: string;
  /** Endpoints of subscriptions that are no more. */
  readonly gone?: readonly string[];
}

/** One way to the outside: an adapter to one provider. */
export interface Channel {
  readonly name: ChannelName;
  /**
   * Hands over one message. With `triedAt` it makes sure first that it does not arrive twice, where the provider allows that.
   * @throws ProviderError whose class says whether another try makes sense; `rate_limited` with the wait that was asked for
   */
  deliver(message: Message, options: { readonly signal: AbortSignal }): Promise<Receipt>;
  close(): void;
}

/** None of the recipient's browsers takes messages any more. */
export class AllSubscriptionsGone extends ProviderError {
  readonly gone: readonly string[];
  constructor(gone: readonly string[]) {
    super("no subscription is left: all have ended", { provider: "web-push", errorClass: "validation" });
    this.gone = gone;
  }
}

/** The beginning of a text in at most `max` UTF-16 units, no character cut in two. */
export function cut(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${text
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")}…`;
}
