import type { Tx } from "#data/client.ts";
import { errorFingerprints } from "#data/platform/dead-letters.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { deadRunRemedy } from "#jobs/dead-run-remedy.ts";
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
  const notifications = [...alike].map(([kind, runs]) => notificationOf(kind, runs as [Run, ...Run[]]));
  await notify(notifier(app, { family: dead[0]!.family, who: "job layer" }), tx, notifications);
}

function notificationOf(kind: string, runs: readonly [Run, ...Run[]]): NewNotification {
  const [run] = runs;
  const errorClass = run.errors.at(-1)?.class ?? "unknown";
  const others = runs.length > 1 ? ` (and ${runs.length - 1} more)` : "";
  const attempts = run.attempt === 1 ? "1 attempt" : `${run.attempt} attempts`;
  const hour = run.finishedAt!.toISOString().slice(0, "2026-03-10T12".length);
  return {
    recipient: OPERATORS,
    type: "run.dead",
    severity: "WARN",
    title: `${run.jobId} failed for good`,
    body: `Run ${run.id}${others}, after ${attempts}: ${discardReason(run)}\n\n${deadRunRemedy(run)}${forOthers(runs)}`,
    data: { job: run.jobId, run: run.id, errorClass },
    dedupeKey: `run.dead:${kind}:${hour}`,
  };
}

function forOthers([{ jobId }, ...others]: readonly [Run, ...Run[]]): string {
  if (others.length === 0) return "";
  return ` GET api/admin/dead-letters?job=${jobId} lists the others; a replay with a filter repeats all of them.`;
}
