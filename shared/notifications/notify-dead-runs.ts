import type { Tx } from "#data/client.ts";
import { errorFingerprints } from "#data/platform/dead-letters.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { type NewNotification, OPERATORS } from "./notification.ts";
import { notifier, type NotifyingApp } from "./notifier.ts";
import { notify } from "./notify.ts";

/**
 * Notifies the operators of dead runs of one family, in the transaction that ends them. One notification per hour, job
 * and kind of error: ten thousand runs that fail for one reason are one notification; the dead letters list each of
 * them.
 */
export async function notifyDeadRuns(app: NotifyingApp, tx: Tx, dead: readonly Run[]): Promise<void> {
  const ids = dead.map(({ id }) => id);
  const fingerprints = await errorFingerprints(tx, ids);
  const alike = Map.groupBy(dead, ({ id, jobId }) => `${jobId}:${fingerprints.get(id)}`);
  const notifications = [...alike].map(([kind, runs]) => notificationOf(kind, runs));
  await notify(notifier(app, { family: dead[0]!.family, who: "job layer" }), tx, notifications);
}

function notificationOf(kind: string, runs: readonly Run[]): NewNotification {
  const run = runs[0]!;
  const errorClass = run.errors.at(-1)?.class ?? "unknown";
  const others = runs.length > 1 ? ` (and ${runs.length - 1} more)` : "";
  const attempts = run.attempt === 1 ? "1 attempt" : `${run.attempt} attempts`;
  const hour = run.finishedAt!.toISOString().slice(0, "2026-03-10T12".length);
  return {
    recipient: OPERATORS,
    type: "run.dead",
    severity: "WARN",
    title: `${run.jobId} failed for good`,
    body: `Run ${run.id}${others}, after ${attempts}: ${discardReason(run)}\n\n${remedyFor(errorClass)}`,
    data: { job: run.jobId, run: run.id, errorClass },
    dedupeKey: `run.dead:${kind}:${hour}`,
  };
}

function remedyFor(errorClass: string): string {
  const remedy = { auth: "Renew the credentials that were refused", validation: "Correct what it was given" }[
    errorClass
  ];
  return `${remedy ?? "Remove the cause"}, then replay the dead letters (POST api/admin/dead-letters/replay).`;
}
