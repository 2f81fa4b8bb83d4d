import type { Db } from "#data/client.ts";
import { closeBreaker, openBreaker } from "#data/platform/provider-breaker.ts";
import { wakeRuns } from "#data/platform/provider-waits.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { PROVIDER_WAIT } from "#jobs/provider-wait.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import type { Clock } from "#schedule/clock.ts";

interface SwitchingApp {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: JobLog;
  readonly enqueuer: Pick<Enqueuer, "dispatch">;
}

/**
 * Opens or closes the circuit breaker of a provider; audited. An opened one stays open until it is closed; of a closed
 * one, calls start at a rising rate, and its waiting runs with them.
 * @returns how many runs start; undefined for a provider that was never called
 */
export async function switchProvider(
  { db, clock, log, enqueuer }: SwitchingApp,
  to: "open" | "close",
  { provider, who, reason }: { readonly provider: string; readonly who: string; readonly reason: string },
): Promise<number | undefined> {
  const now = clock.now();
  const change = { provider, who, reason, now };
  const changed = await db.transaction((tx) => (to === "open" ? openBreaker(tx, change) : closeBreaker(tx, change)));
  if (!changed) return undefined;
  log.warn("An operator switched the circuit breaker of a provider", { provider, to, by: who, reason });
  if (to === "open") return 0;
  const woken = await wakeRuns(db, PROVIDER_WAIT + provider, now);
  await enqueuer.dispatch(woken);
  return woken.length;
}
