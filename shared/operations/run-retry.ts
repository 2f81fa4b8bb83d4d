import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { findRun, lockRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { lockChains } from "#data/platform/run-repeats.ts";
import { makeRunDue } from "#data/platform/waiting-runs.ts";
import type { Clock } from "#schedule/clock.ts";
import type { NotRepeated } from "./repeat-refusal.ts";
import { type Repeater, repeatRuns } from "./repeat-runs.ts";

/** What a retry by hand did. `started`: the run to dispatch after the commit, the old one when that still waited. */
export type RetryResult =
  { readonly kind: "started"; readonly run: Run } | { readonly kind: "refused"; readonly refusal: NotRepeated };

/**
 * Retries a run by hand in the caller's transaction: a waiting run becomes due now, a dead, cancelled or skipped one
 * gets a new run with the same input. Audited.
 */
export async function retryRun(
  app: Repeater & { readonly clock: Clock },
  tx: Tx,
  id: string,
  by: { readonly who: string; readonly reason: string | null },
): Promise<RetryResult> {
  const now = app.clock.now();
  const audit = (after: Partial<Run>) =>
    recordAudit(tx, { at: now, ...by, action: "run retried", subject: `run:${id}`, after });
  // Before the run itself: each transaction locks the runs of a chain in the same order.
  await lockChains(tx, [id]);
  // This lock waits for an attempt that ends right now: the state read below is the one after it.
  await lockRun(tx, id);
  const hastened = await makeRunDue(tx, id, now);
  if (hastened) {
    await audit({ notBefore: now });
    return { kind: "started", run: hastened };
  }
  const { runs, refused } = await repeatRuns(app, tx, [id], { trigger: "retry", requestedBy: by.who, which: "open" });
  const [started] = runs;
  if (!started) return { kind: "refused", refusal: refused[0]! };
  await audit({ id: started.id });
  return { kind: "started", run: (await findRun(tx, started.id))! };
}
