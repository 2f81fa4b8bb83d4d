import { afterCommit } from "#data/after-commit.ts";
import type { JobCatalogue } from "#jobs/catalogue.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import type { NotifyContext } from "./notify.ts";

/** The parts of an app that `notifier` needs. */
export interface NotifyingApp {
  readonly config: Config;
  readonly clock: Clock;
  readonly jobs: Pick<JobCatalogue, "find">;
  readonly enqueuer: Pick<Enqueuer, "enqueueMany" | "dispatch">;
  readonly publish: RunObserver["publish"];
}

/**
 * The context with which an HTTP handler calls `notify` in a transaction of `app.db`. Runs are dispatched after the
 * commit.
 *
 * @example await app.db.transaction((tx) => notify(notifier(app, { family: "tasks", who: caller }), tx, [reminder]));
 * @param who the caller, for the ledger
 */
export function notifier(
  app: NotifyingApp,
  { family, who }: { readonly family: string; readonly who: string },
): NotifyContext {
  return {
    settings: app.config,
    clock: app.clock,
    run: { family },
    publish: app.publish,
    async enqueueAll(tx, jobId, inputs) {
      const job = await app.jobs.find(jobId);
      if (!job) throw new TypeError(`there is no job ${JSON.stringify(jobId)} in this app`);
      const requests = inputs.map((input) => ({ input, trigger: "event" as const, requestedBy: who }));
      const runs = await app.enqueuer.enqueueMany(tx, job, requests);
      afterCommit(tx, () => void app.enqueuer.dispatch(runs));
    },
  };
}
