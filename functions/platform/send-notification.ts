import { type BatchedRun, comms, defineJob, event, exponential, Snooze, z } from "#jobs";
import {
  startDeliveries,
  type ClaimedNotification,
  type DiscardedNotification,
  discardNotifications,
  completeNotifications,
} from "#data/platform/notification-deliveries.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { configuredChannels } from "#notifications/channels.ts";
import { sendBatch, type SendResult } from "#notifications/send-batch.ts";
import { platform } from "../families.ts";

const input = z.strictObject({ notification: z.uuid() });
type Input = z.output<typeof input>;

/** A message of Service Bus is locked for five minutes at most, and a batch's lock is not renewed. */
const BATCH_MS = 4 * 60_000;
/** A provider that asks to wait for longer than this in all has lost its patience with us: then waiting costs attempts. */
const OLDEST_MS = 24 * 3_600_000;

/**
 * Carries notifications to providers, many at once: one statement begins all, one ends them, and each provider's answer is stored as
 * it comes. A notification fails alone. Twice is safe as far as the provider allows it: a channel that has a message is not called
 * again, and where nobody knows, the adapter asks or sends the same idempotency key (docs/notifications.md).
 */
export const sendNotification = defineJob({
  id: "send_notification",
  family: platform,
  summary: "Carry notifications to e-mail, push, chatbot, SMS, calls and the back office",
  on: event({ batch: 100 }),
  input,
  retry: exponential({ retries: 5, first: "10s", max: "15m" }),
  gates: [comms],
  concurrency: ({ notification }) => notification,

  async onDiscarded(tx, runs) {
    await discardNotifications(tx, runs.flatMap(givenUpOf), runs[0]!.finishedAt!);
  },

  async runBatch({ runs, transaction, fail, db, settings, clock, signal, log }) {
    const asked = runs.map(({ id, input: { notification } }) => ({ notification, run: id }));
    const begin = () => transaction((tx) => startDeliveries(tx, asked, configuredChannels(settings), clock.now()));
    const claimed = await begin();
    const deadline = performance.now() + BATCH_MS;
    const sent = await sendBatch(claimed, { db, settings, clock, signal, log, deadline });
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
    for (const run of runs) {
      const notification = ofRun.get(run.id);
      const trouble =
        notification && troubleOf(notification, run, { sent: sent.get(notification.id), spread, now: clock.now() });
      if (trouble) fail(run, trouble);
    }
  },
});

/** What stands in the way of the run's success, if anything: what can be tried again comes before what cannot. */
function troubleOf(
  { failedBefore, createdAt }: ClaimedNotification,
  { attempt }: BatchedRun<Input>,
  { sent, spread, now }: { sent: SendResult | undefined; spread: number; now: Date },
): Error | undefined {
  const passing = sent?.errors.find((error) => !error.isFinal);
  if (passing) return passing;
  if (sent?.heldMs !== undefined) {
    const reason = "the provider asks to wait";
    if (now.getTime() - createdAt.getTime() > OLDEST_MS) return new HeldTooLong(`${reason}, for more than a day now`);
    // To whole seconds, so that a batch stays together. Batches are spread, the wider the longer they wait already: else all would come
    // back in the same instant.
    return new Snooze(`${Math.ceil((sent.heldMs / 1_000) * (1 + spread * attempt))}s`, reason);
  }
  if (sent?.errors[0]) return sent.errors[0];
  return failedBefore === null ? undefined : new FailedBefore(failedBefore);
}

/** One channel took the message at last; another had refused it for good. */
class FailedBefore extends Error {
  override name = "FailedBefore";
  readonly errorClass = "validation";
}

class HeldTooLong extends Error {
  override name = "HeldTooLong";
  readonly errorClass = "transient";
}

function givenUpOf(run: Run): DiscardedNotification[] {
  const { success, data } = input.safeParse(run.input);
  if (!success) return [];
  const { id, state, reasonCode } = run;
  const reason = reasonCode === "comms-disabled" ? "comms disabled" : discardReason(run);
  return [{ notification: data.notification, run: id, state: state === "dead" ? "failed" : "suppressed", reason }];
}
