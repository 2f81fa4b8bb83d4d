import type { Db } from "#data/client.ts";
import type { Pause } from "#data/platform/control-schema.ts";
import { pause, resume } from "#data/platform/pauses.ts";
import type { Scope } from "#data/platform/scope.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import type { Clock } from "#schedule/clock.ts";
import { dispatchWaitingRuns } from "./dispatch-waiting-runs.ts";
import { pauseEnd } from "./pause-end.ts";

/**
 * Pauses a scope: its slots are skipped, its waiting runs wait. A second pause replaces reason and end of the first.
 * @throws InvalidInput when `until` is neither an instant nor a duration, or is not in the future
 */
export async function pauseScope(
  { db, clock, log }: { db: Db; clock: Clock; log: JobLog },
  scope: Scope,
  { reason, until, who }: { reason: string; until?: string | undefined; who: string },
): Promise<Pause> {
  const now = clock.now();
  const entry: Pause = {
    scope,
    reason,
    pausedBy: who,
    pausedAt: now,
    until: until === undefined ? null : pauseEnd(until, now),
  };
  await db.transaction((tx) => pause(tx, entry));
  log.warn("Paused", { scope, by: who, reason, until: entry.until });
  return entry;
}

/**
 * Ends the pause of a scope and dispatches the runs that waited for it.
 * @returns whether it was paused, and how many runs were dispatched
 */
export async function resumeScope(
  { db, clock, log, enqueuer }: { db: Db; clock: Clock; log: JobLog; enqueuer: Pick<Enqueuer, "dispatch"> },
  scope: Scope,
  { reason, who }: { reason?: string | undefined; who: string },
): Promise<{ wasPaused: boolean; dispatched: number }> {
  const now = clock.now();
  const before = await db.transaction((tx) => resume(tx, { scope, who, reason: reason ?? null, now }));
  if (!before) return { wasPaused: false, dispatched: 0 };
  const dispatched = await dispatchWaitingRuns({ db, clock, enqueuer }, scope);
  log.warn("Resumed", { scope, by: who, reason, sent: dispatched });
  return { wasPaused: true, dispatched };
}
