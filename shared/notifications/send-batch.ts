import type { Db } from "#data/client.ts";
import { type ClaimedNotification, updateAddress, removeSubscriptions } from "#data/platform/notification-deliveries.ts";
import { classify } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Receipt } from "./channel.ts";
import { type ChannelSettings, openChannel } from "./channels.ts";
import { deliverAll, type Delivered, type Delivery, DeliveryError } from "./deliver.ts";
import type { ChannelName } from "./notification.ts";
import { deliveryOutcomes } from "./delivery-outcomes.ts";
import { pauseOf } from "./rate-limit-pause.ts";

/** How a notification's deliveries of this attempt ended; nothing is said of those that were taken. */
export interface Sent {
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
  /** `performance.now()` after which nothing new is begun. */
  readonly deadline: number;
}

/** Makes the begun deliveries of notifications, every channel at its own pace, and stores each answer as soon as it is there. */
export async function sendBatch(
  claimed: readonly ClaimedNotification[],
  { db, settings, clock, signal, log, deadline }: SendContext,
): Promise<ReadonlyMap<string, Sent>> {
  const sent = new Map<string, Sent>(claimed.map(({ id }) => [id, { errors: [] }]));
  const book = deliveryOutcomes(db, clock);
  const after: Promise<void>[] = [];
  const deliveries = claimed.flatMap((notification) =>
    notification.deliveries.map((delivery): Delivery => ({ ...delivery, notification })),
  );
  const note = (delivery: Delivery, delivered: Delivered) => {
    book.add(delivery, delivered);
    const own = sent.get(delivery.notification.id)!;
    if (delivered.kind === "failed") own.errors.push(delivered.error);
    if (delivered.kind === "held") own.heldMs = Math.max(own.heldMs ?? 0, delivered.waitMs);
    if (delivered.kind === "sent") after.push(learn(db, delivery, delivered.receipt));
    if (delivered.kind === "failed" && delivered.error.gone.length)
      after.push(removeSubscriptions(db, delivered.error.gone));
  };
  try {
    await Promise.all(
      [...Map.groupBy(deliveries, ({ channel }) => channel)].map(([name, own]) => deliverBy(name, own)),
    );
  } finally {
    // What is known is stored also when the batch was cut short.
    await book.written();
    await Promise.all(after);
  }
  const counts = Object.groupBy(deliveries, ({ channel }) => channel);
  const byChannel = Object.fromEntries(Object.entries(counts).map(([name, all]) => [name, all.length]));
  if (deliveries.length) log.info("Notifications were handed over", byChannel);
  return sent;

  async function deliverBy(name: ChannelName, own: readonly Delivery[]): Promise<void> {
    let channel;
    try {
      channel = await openChannel(name, settings);
    } catch (error) {
      // Its settings make no sense: that is nothing of the other channels' business.
      log.warn("A channel cannot be opened", { channel: name, error });
      const trouble = new DeliveryError(`${name}: ${(error as Error).message}`, classify(error));
      for (const delivery of own) note(delivery, { kind: "failed", error: trouble });
      return;
    }
    try {
      await deliverAll(channel, own, { signal, deadline, pause: pauseOf(settings, name, clock) }, note);
    } finally {
      channel.close();
    }
  }
}

/** Keeps what a provider said about where the recipient is reached. */
async function learn(
  db: Db,
  { notification, channel, address }: Delivery,
  { movedTo, gone = [] }: Receipt,
): Promise<void> {
  if (gone.length) await removeSubscriptions(db, gone);
  if (movedTo !== undefined && address !== null)
    await updateAddress(db, { recipient: notification.recipient, channel, from: address, to: movedTo });
}
