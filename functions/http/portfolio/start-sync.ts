import type { Executor } from "#data/client.ts";
import { recordRejectedUpdate } from "#data/portfolio/exchange-rate-updates.ts";
import type { App } from "#http/app-services.ts";
import type { Reply, RequestContext } from "#http/route.ts";
import { InvalidInput } from "#jobs/endings.ts";
import type { Job } from "#jobs/job.ts";
import { enqueueOnce } from "../idempotent-requests.ts";
import { startedRunReply } from "../started-run.ts";

type Sync = Pick<RequestContext<never, never, never>, "caller" | "header"> & {
  readonly job: Job;
  readonly input: unknown;
  /** Refuses the request beside the job's own check of its input; not called for a repeated key. */
  readonly check?: (db: Executor) => Promise<void>;
};

/**
 * Starts a synchronisation of exchange rates. A refused request (invalid input, internet switched off) is stored in the
 * tracking table too, where its caller finds the reason later.
 * @param named the parameters of the request that become fields of the input
 */
export async function startRateSync(
  app: App,
  {
    kind,
    named = {},
    ...sync
  }: Sync & { readonly kind: "latest" | "historical"; readonly named?: Readonly<Record<string, string>> },
): Promise<Reply> {
  try {
    return await startSync(app, sync);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const refused = new InvalidInput(
      error.issues.map(({ field, reason }) => ({ field: named[field] ?? field, reason })),
    );
    await recordRejectedUpdate(app.db, kind, refused.message, app.clock.now());
    throw refused;
  }
}

/** Starts a run of a synchronisation job. @throws Problem 409 when a gate is closed */
export async function startSync(app: App, { job, input, caller, header, check }: Sync): Promise<Reply> {
  const started = await enqueueOnce(app, { header, payload: { start: job.id, input } }, async (db) => {
    await check?.(db);
    return { job, input, trigger: "manual", requestedBy: caller };
  });
  return startedRunReply(started);
}
