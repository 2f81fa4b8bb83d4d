import type { Tx } from "#data/client.ts";
import { findRun } from "#data/platform/job-runs.ts";
import {
  type ClaimedNotification,
  completeNotifications,
  discardNotifications,
  recordOutcomes,
  startDeliveries,
} from "#data/platform/notification-deliveries.ts";
import { lockByDedupeKey } from "#data/platform/notification-queries.ts";
import type { Notification } from "#data/platform/notification-schema.ts";
import type { JobContext } from "#jobs/context.ts";
import { Snooze } from "#jobs/endings.ts";
import { configuredChannels } from "./channels.ts";
import { DeliveryError } from "./deliver.ts";
import type { NewNotification } from "./notification.ts";
import { notify } from "./notify.ts";
import { sendBatch } from "./send-batch.ts";

/** A notification that a run sends itself, under its own retry policy, instead of `send_notification`. */
export interface InRun {
  /** Whether this attempt created it. */
  readonly isNew: boolean;
  /** Whether this run created it, in any attempt. */
  readonly isOwn: boolean;
  readonly stored: Notification;
  /** What this attempt has to send; undefined when nothing is left to send, or another run sends it. */
  readonly claimed: ClaimedNotification | undefined;
}

/** How long deliveries of one attempt may start. */
const SEND_MS = 4 * 60_000;

/**
 * Creates a notification with a dedupe key and starts its deliveries in the caller's transaction, so that one run
 * sends it. A later attempt of that run continues. Another run sends it only after the run of the notification has
 * ended and the notification has failed.
 */
export async function startInRun(
  context: JobContext<unknown>,
  tx: Tx,
  notification: NewNotification & { readonly dedupeKey: string },
): Promise<InRun> {
  const { settings, clock, run, publish } = context;
  const here = { settings, clock, run, publish, enqueueAll: () => Promise.resolve() };
  const data = { ...notification.data, run: run.id };
  const { created } = await notify(here, tx, [{ ...notification, data }]);
  const stored = (await lockByDedupeKey(tx, notification.recipient, notification.dedupeKey))!;
  const isNew = created > 0;
  const isOwn = stored.data.run === run.id;
  const isSettled = stored.state === "sent" || stored.state === "suppressed";
  if (isSettled || !(isOwn || (await isOrphaned(tx, stored)))) return { isNew, isOwn, stored, claimed: undefined };
  const asked = [{ notification: stored.id, run: run.id }];
  const [claimed] = await startDeliveries(tx, asked, configuredChannels(settings), clock.now());
  return { isNew, isOwn, stored, claimed };
}

const OVER: ReadonlySet<string> = new Set(["succeeded", "dead", "cancelled", "skipped"]);

/** Whether the run that sent it has ended, so that another one may take it over. */
async function isOrphaned(tx: Tx, { data }: Notification): Promise<boolean> {
  const owner = await findRun(tx, String(data.run));
  return owner === undefined || OVER.has(owner.state);
}

const UNKNOWN = "it is not known whether an earlier attempt arrived, so it is not sent again";

/**
 * Sends the started deliveries, each at most once: a delivery of which it is not known whether it arrived is never
 * repeated, and neither is one that a provider may have accepted.
 * @returns the first failure, when no further attempt is allowed or can help
 * @throws DeliveryError that the run's retry policy can solve, while the run has attempts left
 * @throws Snooze when a provider asks to wait
 */
export async function deliverInRun(
  context: JobContext<unknown>,
  claimed: ClaimedNotification,
): Promise<DeliveryError | undefined> {
  const { db, settings, clock, signal, log, run, callPolicy } = context;
  const unknown = claimed.deliveries.filter(({ isUnknown }) => isUnknown);
  const open = claimed.deliveries.filter(({ isUnknown }) => !isUnknown);
  const doubts = unknown.map(({ channel }) => new DeliveryError(`${channel}: ${UNKNOWN}`, "validation"));
  await recordOutcomes(
    db,
    unknown.map(({ channel }) => ({
      notification: claimed.id,
      channel,
      attempt: claimed.attempt,
      state: "failed",
      reason: UNKNOWN,
      providerMessageId: null,
    })),
    clock.now(),
  );
  const deadline = performance.now() + SEND_MS;
  const sending = { db, settings, clock, signal, log, deadline, callPolicy, atMostOnce: true };
  const sent = await sendBatch([{ ...claimed, deliveries: open }], sending);
  signal.throwIfAborted();
  await context.transaction((tx) => completeNotifications(tx, [claimed.id], clock.now()));
  const { errors, heldMs } = sent.get(claimed.id)!;
  const retryable = errors.find((error) => !error.isFinal);
  if (retryable && run.attempt < run.maxAttempts) throw retryable;
  if (heldMs !== undefined && !retryable)
    throw new Snooze(`${Math.ceil(heldMs / 1_000)}s`, "the provider asks to wait");
  const failedBefore = claimed.failedBefore === null ? [] : [new DeliveryError(claimed.failedBefore, "validation")];
  return errors[0] ?? doubts[0] ?? failedBefore[0];
}

/** Ends a notification that its run does not send any more. */
export async function failInRun(
  context: JobContext<unknown>,
  tx: Tx,
  { id, reason }: { readonly id: string; readonly reason: string },
): Promise<void> {
  await discardNotifications(
    tx,
    [{ notification: id, run: context.run.id, state: "failed", reason }],
    context.clock.now(),
  );
}
