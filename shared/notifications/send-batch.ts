import type { Db } from "#data/client.ts";
import {
  type ClaimedNotification,
  removeSubscriptions,
  updateAddress,
} from "#data/platform/notification-deliveries.ts";
import type { CallPolicy } from "#jobs/call-policy.ts";
import { classify } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Receipt } from "./channel.ts";
import { type ChannelSettings, openChannel } from "./channels.ts";
import { deliverAll, type Delivery, DeliveryError, type DeliveryResult } from "./deliver.ts";
import { withinLimit } from "./delivery-limit.ts";
import { deliveryOutcomes } from "./delivery-outcomes.ts";
import type { ChannelName } from "./notification.ts";
import { rateLimitPause } from "./rate-limit-pause.ts";

/** The failed and held deliveries of a notification in this attempt. */
export interface SendResult {
  readonly errors: DeliveryError[];
  /** The longest wait that a provider asked for. */
  heldMs?: number;
}

export interface SendContext {
  readonly db: Db;
  readonly settings: ChannelSettings;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Pick<JobLog, "info" | "warn">;
  /** Of the calls to providers. Default: every call starts at once. */
  readonly callPolicy?: CallPolicy | undefined;
  /** `performance.now()` after which no delivery starts. */
  readonly deadline: number;
  /** A failed delivery that may have arrived is final. Default: it is tried again. */
  readonly atMostOnce?: boolean;
}

/** Sends the started deliveries of notifications, all channels concurrently, and stores each result when it arrives. */
export async function sendBatch(
  claimed: readonly ClaimedNotification[],
  { db, settings, clock, signal, log, deadline, callPolicy, atMostOnce = false }: SendContext,
): Promise<ReadonlyMap<string, SendResult>> {
  const sent = new Map<string, SendResult>(claimed.map(({ id }) => [id, { errors: [] }]));
  const outcomes = deliveryOutcomes(db, clock);
  const addressChanges: Promise<void>[] = [];
  const deliveries = claimed.flatMap((notification) =>
    notification.deliveries.map((delivery): Delivery => ({ ...delivery, notification })),
  );
  const record = (delivery: Delivery, given: DeliveryResult) => {
    const result = withinLimit(delivery, atMostOnce ? finalInDoubt(given) : given, clock.now());
    outcomes.add(delivery, result);
    const own = sent.get(delivery.notification.id)!;
    if (result.kind === "failed") own.errors.push(result.error);
    if (result.kind === "held") own.heldMs = Math.max(own.heldMs ?? 0, result.waitMs);
    if (result.kind === "sent") addressChanges.push(applyReceipt(db, delivery, result.receipt));
    if (result.kind === "failed" && result.error.gone.length)
      addressChanges.push(removeSubscriptions(db, result.error.gone));
  };
  try {
    await Promise.all(
      [...Map.groupBy(deliveries, ({ channel }) => channel)].map(([name, own]) => deliverBy(name, own)),
    );
  } finally {
    // Known results are stored also when the batch was aborted.
    await outcomes.flush();
    await Promise.all(addressChanges);
  }
  const counts = Object.groupBy(deliveries, ({ channel }) => channel);
  const byChannel = Object.fromEntries(Object.entries(counts).map(([name, all]) => [name, all.length]));
  if (deliveries.length) log.info("Notifications were sent to providers", byChannel);
  return sent;

  async function deliverBy(name: ChannelName, own: readonly Delivery[]): Promise<void> {
    let channel;
    try {
      channel = await openChannel(name, settings, callPolicy);
    } catch (error) {
      // Invalid settings of one channel do not affect the others.
      log.warn("A channel cannot be opened", { channel: name, error });
      const failure = new DeliveryError(`${name}: ${(error as Error).message}`, classify(error));
      for (const delivery of own) record(delivery, { kind: "failed", error: failure });
      return;
    }
    try {
      await deliverAll(channel, own, { signal, deadline, pause: rateLimitPause(settings, name, clock) }, record);
    } finally {
      channel.close();
    }
  }
}

function finalInDoubt(result: DeliveryResult): DeliveryResult {
  if (result.kind !== "failed" || !result.error.mayHaveArrived) return result;
  const message = `${result.error.message}; the message may have arrived, so it is not sent again`;
  return { kind: "failed", error: new DeliveryError(message, "validation", result.error.gone, true) };
}

/** Stores the address changes that a provider reported. */
async function applyReceipt(
  db: Db,
  { notification, channel, address }: Delivery,
  { movedTo, gone = [] }: Receipt,
): Promise<void> {
  if (gone.length) await removeSubscriptions(db, gone);
  if (movedTo !== undefined && address !== null)
    await updateAddress(db, { recipient: notification.recipient, channel, from: address, to: movedTo });
}
