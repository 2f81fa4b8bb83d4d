import {
  type ClaimedNotification,
  completeNotifications,
  type DiscardedNotification,
  discardNotifications,
  startDeliveries,
} from "#data/platform/notification-deliveries.ts";
import { knownNotifications } from "#data/platform/notification-queries.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { type BatchedRun, comms, defineJob, event, exponential, InvalidInput, Snooze, z } from "#jobs";
import { configuredChannels } from "#notifications/channels.ts";
import { sendBatch, type SendResult } from "#notifications/send-batch.ts";
import { platform } from "../families.ts";

const input = z.strictObject({ notification: z.uuid() });
type Input = z.output<typeof input>;

/** Service Bus locks a message for at most five minutes, and the lock of a batch is not renewed. */
const BATCH_MS = 4 * 60_000;

/**
 * Sends notifications to providers, many at once: one statement starts all deliveries, one completes them, and each
 * provider's response is stored at once. A notification fails alone. Running twice is safe as far as the provider
 * allows: a channel that has the message is not called again, and an unknown result is checked or sent under the same
 * idempotency key (docs/notifications.md).
 */
export const sendNotification = defineJob({
  id: "send_notification",
  family: platform,
  summary: "Send notifications by e-mail, push, chatbot, SMS, phone and to the back office",
  on: event({ batch: 100 }),
  input,
  async checkInput({ notification: id }, { db }) {
    if (!(await knownNotifications(db, [id])).has(id)) throw noNotification(id);
  },
  // 17 hours on average: longer than the longest of `DELIVERY_LIMITS`, which end each channel's deliveries.
  retry: exponential({ retries: 40, first: "10s", max: "1h" }),
  gates: [comms],
  concurrency: ({ notification }) => notification,

  async onDiscarded(tx, runs) {
    await discardNotifications(tx, runs.flatMap(discardedOf), runs[0]!.finishedAt!);
  },

  async runBatch({ runs, transaction, fail, db, settings, clock, signal, log, callPolicy }) {
    const requested = runs.map(({ id, input: { notification } }) => ({ notification, run: id }));
    const claimed = await transaction((tx) =>
      startDeliveries(tx, requested, configuredChannels(settings), clock.now()),
    );
    const deadline = performance.now() + BATCH_MS;
    const sent = await sendBatch(claimed, { db, settings, clock, signal, log, deadline, callPolicy });
    signal.throwIfAborted();
    await transaction((tx) =>
      completeNotifications(
        tx,
        claimed.map(({ id }) => id),
        clock.now(),
      ),
    );
    const spread = Math.random();
    const ofRun = new Map(claimed.map((notification) => [notification.run, notification]));
    const others = runs.filter(({ id }) => !ofRun.has(id)).map(({ input: { notification } }) => notification);
    const known = await knownNotifications(db, others);
    for (const run of runs) {
      const notification = ofRun.get(run.id);
      const id = run.input.notification;
      if (!notification && !known.has(id)) fail(run, noNotification(id));
      const error = notification && errorOf(notification, run, sent.get(notification.id), spread);
      if (error) fail(run, error);
    }
  },
});

function noNotification(id: string): InvalidInput {
  return new InvalidInput([{ field: "notification", reason: `there is no notification ${id}` }]);
}

/** Why the run does not succeed yet, if so: an error that a retry can solve comes before one that it cannot. */
function errorOf(
  { failedBefore }: ClaimedNotification,
  { attempt }: BatchedRun<Input>,
  sent: SendResult | undefined,
  spread: number,
): Error | undefined {
  const retryable = sent?.errors.find((error) => !error.isFinal);
  if (retryable) return retryable;
  if (sent?.heldMs !== undefined) {
    // Whole seconds keep a batch together. Batches spread more with each attempt, so that not all return at the same
    // instant.
    return new Snooze(`${Math.ceil((sent.heldMs / 1_000) * (1 + spread * attempt))}s`, "the provider asks to wait");
  }
  if (sent?.errors[0]) return sent.errors[0];
  return failedBefore === null ? undefined : new FailedBefore(failedBefore);
}

/** One channel has accepted the message; another had refused it for good. */
class FailedBefore extends Error {
  override name = "FailedBefore";
  readonly errorClass = "validation";
}

function discardedOf(run: Run): DiscardedNotification[] {
  const { success, data } = input.safeParse(run.input);
  if (!success) return [];
  const { id, state, reasonCode } = run;
  const reason = reasonCode === "comms-disabled" ? "comms disabled" : discardReason(run);
  return [{ notification: data.notification, run: id, state: state === "dead" ? "failed" : "suppressed", reason }];
}
