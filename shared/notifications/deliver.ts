import { setTimeout as sleep } from "node:timers/promises";
import type { BegunDelivery, ClaimedNotification } from "#data/platform/notification-sending.ts";
import { classify, type ErrorClass, isRetryable, retryAfter } from "#jobs/error-class.ts";
import { redactText } from "#redaction/redact.ts";
import { AllSubscriptionsGone, type Channel, type Receipt } from "./channel.ts";
import { LONGEST_WAIT_MS, type Pause } from "./rate-limit-pause.ts";

/** Deliveries of one channel that are under way at once. */
const SIDE_BY_SIDE = 8;
/** A provider that names no wait is asked again after this. */
const USUAL_WAIT_MS = 2_000;
/** How often one delivery is offered to a provider that asks to wait, before it is put off as well. */
const OFFERS = 5;

/** One delivery that waits for its turn. */
export interface Delivery extends BegunDelivery {
  readonly notification: ClaimedNotification;
}

export type Delivered =
  | { readonly kind: "sent"; readonly receipt: Receipt }
  | { readonly kind: "failed"; readonly error: DeliveryError }
  /** The provider asked to wait, and has taken nothing. */
  | { readonly kind: "held"; readonly waitMs: number };

/** A provider did not take a message. The text holds no address and no secret. */
export class DeliveryError extends Error {
  override name = "DeliveryError";
  readonly errorClass: ErrorClass;
  /** Subscriptions that are no more. */
  readonly gone: readonly string[];
  // Without its cause: that may name the address.
  constructor(message: string, errorClass: ErrorClass, gone: readonly string[] = []) {
    super(message);
    this.errorClass = errorClass;
    this.gone = gone;
  }
  /** Whether no further attempt can help. */
  get isFinal(): boolean {
    return !isRetryable(this.errorClass);
  }
}

/**
 * Hands deliveries to one channel, some side by side. When the provider asks to wait, all of them wait, and whoever else has the same
 * `pause`: what it has not taken costs nobody an attempt.
 * @param deadline `performance.now()` after which nothing new is begun; the rest is held
 * @param onDelivered called for each as soon as it is known; never for those that the signal cut short
 */
export async function deliverAll(
  channel: Channel,
  deliveries: readonly Delivery[],
  { signal, deadline, pause }: { readonly signal: AbortSignal; readonly deadline: number; readonly pause: Pause },
  onDelivered: (delivery: Delivery, delivered: Delivered) => void,
): Promise<void> {
  const waiting = deliveries.map((delivery) => ({ delivery, offers: 0 }));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const pauseMs = pause.leftMs;
      if (pauseMs > LONGEST_WAIT_MS || performance.now() + pauseMs > deadline || next.offers === OFFERS) {
        onDelivered(next.delivery, { kind: "held", waitMs: Math.max(pauseMs, 1_000) });
        continue;
      }
      if (pauseMs > 0) {
        waiting.unshift(next);
        await sleep(pauseMs, undefined, { signal });
        continue;
      }
      const { delivery, offers } = next;
      const delivered = await offer(channel, delivery, signal);
      if (delivered.kind !== "held") onDelivered(delivery, delivered);
      else {
        pause.ask(delivered.waitMs);
        waiting.push({ delivery, offers: offers + 1 });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, waiting.length) }, worker));
}

async function offer(channel: Channel, delivery: Delivery, signal: AbortSignal): Promise<Delivered> {
  const { notification, address, subscriptions, triedAt } = delivery;
  try {
    const message = { ...notification, address: address ?? "", subscriptions, triedAt };
    return { kind: "sent", receipt: await channel.deliver(message, { signal }) };
  } catch (error) {
    // Cut short: nobody knows what the provider did with it.
    signal.throwIfAborted();
    if (classify(error) === "rate_limited") return { kind: "held", waitMs: retryAfter(error) ?? USUAL_WAIT_MS };
    return { kind: "failed", error: deliveryError(channel.name, error, address) };
  }
}

function deliveryError(channel: string, error: unknown, address: string | null): DeliveryError {
  const said = error instanceof Error ? error.message : String(error);
  const hidden = address ? said.replaceAll(address, "***") : said;
  return new DeliveryError(
    `${channel}: ${redactText(hidden, 500)}`,
    classify(error),
    error instanceof AllSubscriptionsGone ? error.gone : [],
  );
}
