import { ProviderError } from "#providers/provider-error.ts";
import type { ChannelName, Severity } from "./notification.ts";

/** A notification for one address. */
export interface Message {
  /** The notification's id, a UUID: the idempotency key for providers that support one. */
  readonly id: string;
  readonly recipient: string;
  readonly severity: Severity;
  readonly type: string;
  readonly title: string;
  /** Plain text. */
  readonly body: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  /** From the allow-list; empty when the channel's address is a setting or a subscription. */
  readonly address: string;
  /** For web push only. */
  readonly subscriptions: readonly PushSubscription[];
  /** Start of an earlier attempt whose outcome is unknown; null when there is none. */
  readonly triedAt: Date | null;
}

/** A browser that accepts push messages (Push API). */
export interface PushSubscription {
  readonly endpoint: string;
  /** The browser's public key and its secret, base64url (RFC 8291). */
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** The result of a message that a provider accepted. */
export interface Receipt {
  readonly providerMessageId: string | null;
  /** The recipient's new address, when the provider reports one. */
  readonly movedTo?: string;
  /** Endpoints of ended subscriptions. */
  readonly gone?: readonly string[];
}

/** An adapter to one provider. */
export interface Channel {
  readonly name: ChannelName;
  /**
   * Sends one message. With `triedAt` it first checks that the message does not arrive twice, if the provider allows
   * that.
   * @throws ProviderError whose class decides about a retry; `rate_limited` has the wait that the provider asks for
   */
  deliver(message: Message, options: { readonly signal: AbortSignal }): Promise<Receipt>;
  close(): void;
}

/** All push subscriptions of the recipient have ended. */
export class AllSubscriptionsGone extends ProviderError {
  readonly gone: readonly string[];
  constructor(gone: readonly string[]) {
    super("all push subscriptions of the recipient have ended", { provider: "web-push", errorClass: "validation" });
    this.gone = gone;
  }
}

/** The beginning of a text in at most `max` UTF-16 units, without splitting a character. */
export function truncate(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${text
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")}…`;
}
