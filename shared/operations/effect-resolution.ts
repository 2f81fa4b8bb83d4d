import type { Db } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { confirmParkedEffect, type Effect, findEffect, releaseParkedEffect } from "#data/platform/effects.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";

/** What a person found out about a parked effect. */
export interface Resolution {
  /** `done`: it happened, and repeats get `result`. `retry`: it did not happen, and the next attempt makes it. */
  readonly outcome: "done" | "retry";
  readonly result?: unknown;
  readonly reason: string;
  readonly who: string;
}

/**
 * Resolves a parked effect: nothing but a person can find out whether it happened. Audited.
 * @returns the effect as it was; undefined when there is none; `isResolved` is false when it was not parked
 */
export async function resolveEffect(
  { db, clock, log }: { db: Db; clock: Clock; log: JobLog },
  key: string,
  { outcome, result, reason, who }: Resolution,
): Promise<{ before: Effect; isResolved: boolean } | undefined> {
  const now = clock.now();
  const found = await db.transaction(async (tx) => {
    const before = await findEffect(tx, key);
    if (!before) return undefined;
    const isResolved =
      outcome === "done" ? await confirmParkedEffect(tx, key, result, now) : await releaseParkedEffect(tx, key);
    if (isResolved) {
      await recordAudit(tx, {
        at: now,
        who,
        action: "effect settled",
        subject: `effect:${key}`,
        reason,
        after: { outcome, ...(result !== undefined && { result }), run: before.runId },
      });
    }
    return { before, isResolved };
  });
  if (found?.isResolved) {
    log.warn("Effect resolved by hand", { effect: key, run: found.before.runId, outcome, by: who, reason });
  }
  return found;
}
