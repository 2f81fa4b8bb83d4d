import { setTimeout as sleep } from "node:timers/promises";
import type { ClaimedNotification, StartedDelivery } from "#data/platform/notification-deliveries.ts";
import { classify, type ErrorClass, isRetryable, retryAfter } from "#jobs/error-class.ts";
import { causes, readProperty } from "#redaction/error-causes.ts";
import { redactText } from "#redaction/redact.ts";
import { AllSubscriptionsGone, type Channel, type Receipt } from "./channel.ts";
import { LONGEST_WAIT_MS, type RateLimitPause } from "./rate-limit-pause.ts";

/** Maximum of concurrent deliveries of one channel. */
const CONCURRENCY = 8;
/** Wait after a rate limit without a stated wait. */
const DEFAULT_WAIT_MS = 2_000;
/** How often one delivery is tried while the provider asks to wait; after that it is requeued. */
const MAX_TRIES = 5;

/** One delivery of a notification over one channel. */
export interface Delivery extends StartedDelivery {
  readonly notification: ClaimedNotification;
}

export type DeliveryResult =
  | { readonly kind: "sent"; readonly receipt: Receipt }
  | { readonly kind: "failed"; readonly error: DeliveryError }
  /** The provider asked to wait and did not accept the message. */
  | { readonly kind: "held"; readonly waitMs: number };

/** A provider did not accept a message. The text contains no address and no secret. */
export class DeliveryError extends Error {
  override name = "DeliveryError";
  readonly errorClass: ErrorClass;
  /** Endpoints of ended subscriptions. */
  readonly gone: readonly string[];
  /** The provider may have accepted the message: it gave no answer, or one that cannot be read. */
  readonly mayHaveArrived: boolean;
  // Without its cause, which may contain the address.
  constructor(message: string, errorClass: ErrorClass, gone: readonly string[] = [], mayHaveArrived = false) {
    super(message);
    this.errorClass = errorClass;
    this.gone = gone;
    this.mayHaveArrived = mayHaveArrived;
  }
  /** Whether no further attempt can help. */
  get isFinal(): boolean {
    return !isRetryable(this.errorClass);
  }
}

/**
 * Sends deliveries over one channel, eight at a time. When the provider asks to wait, all deliveries with the same
 * `pause` wait; a wait does not count as an attempt.
 * @param deadline `performance.now()` after which no delivery starts; the rest is held
 * @param onDelivered called for each delivery when its result is known; not for deliveries that the signal aborts
 */
export async function deliverAll(
  channel: Channel,
  deliveries: readonly Delivery[],
  {
    signal,
    deadline,
    pause,
  }: { readonly signal: AbortSignal; readonly deadline: number; readonly pause: RateLimitPause },
  onDelivered: (delivery: Delivery, result: DeliveryResult) => void,
): Promise<void> {
  const waiting = deliveries.map((delivery) => ({ delivery, tries: 0 }));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const pauseMs = pause.leftMs;
      if (pauseMs > LONGEST_WAIT_MS || performance.now() + pauseMs > deadline || next.tries === MAX_TRIES) {
        onDelivered(next.delivery, { kind: "held", waitMs: Math.max(pauseMs, 1_000) });
        continue;
      }
      if (pauseMs > 0) {
        waiting.unshift(next);
        await sleep(pauseMs, undefined, { signal });
        continue;
      }
      const { delivery, tries } = next;
      const result = await deliver(channel, delivery, signal);
      if (result.kind !== "held") onDelivered(delivery, result);
      else {
        pause.extend(result.waitMs);
        waiting.push({ delivery, tries: tries + 1 });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, waiting.length) }, worker));
}

async function deliver(channel: Channel, delivery: Delivery, signal: AbortSignal): Promise<DeliveryResult> {
  const { notification, address, subscriptions, triedAt } = delivery;
  try {
    const message = { ...notification, address: address ?? "", subscriptions, triedAt };
    return { kind: "sent", receipt: await channel.deliver(message, { signal }) };
  } catch (error) {
    // After an abort the outcome at the provider is unknown.
    signal.throwIfAborted();
    if (classify(error) === "rate_limited") return { kind: "held", waitMs: retryAfter(error) ?? DEFAULT_WAIT_MS };
    return { kind: "failed", error: deliveryError(channel.name, error, address) };
  }
}

function deliveryError(channel: string, error: unknown, address: string | null): DeliveryError {
  const message = error instanceof Error ? error.message : String(error);
  const hidden = address ? message.replaceAll(address, "***") : message;
  return new DeliveryError(
    `${channel}: ${redactText(hidden, 500)}`,
    classify(error),
    error instanceof AllSubscriptionsGone ? error.gone : [],
    mayHaveArrived(error),
  );
}

/** A gateway that lost the provider's answer. */
const LOST_BEHIND_GATEWAY: ReadonlySet<unknown> = new Set([502, 504]);
/** A connection that was never made has carried no message; a refusal has a status that is not 2xx. */
const NEVER_CONNECTED: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);

function mayHaveArrived(error: unknown): boolean {
  const known = causes(error).some((each) => {
    const status = readProperty(each, "status");
    const isRefusal = typeof status === "number" && status >= 300 && !LOST_BEHIND_GATEWAY.has(status);
    return isRefusal || NEVER_CONNECTED.has(readProperty(each, "code"));
  });
  return !known && isRetryable(classify(error));
}
