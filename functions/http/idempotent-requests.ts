import type { Executor, Tx } from "#data/client.ts";
import { claimIdempotencyKey, completeIdempotencyKey } from "#data/platform/idempotency-keys.ts";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { App } from "#http/app-services.ts";
import { Problem } from "#http/problem.ts";
import type { Job } from "#jobs/job.ts";
import { fingerprintOf, idempotencyKey } from "#operations/idempotency.ts";
import type { RunRequest } from "#runner/new-run.ts";

/** A request that may carry an `Idempotency-Key`. */
export interface IdempotentRequest {
  readonly header: (name: string) => string | null;
  /** What the request asks for: a repeated key must come with an equal payload. */
  readonly payload: unknown;
}

/*
 * A repeated key gets the answer of its first request, whatever has changed since: a county is inactive, a job is gone,
 * a day has passed. So each check that depends on more than the request belongs into `prepare` or `start`, which run
 * after the key is looked up.
 */

/**
 * Enqueues a run; requests with the same `Idempotency-Key` get the same run.
 * @param prepare checks the request and finds the job; not called for a repeated key
 */
export async function enqueueOnce(
  app: App,
  { header, payload }: IdempotentRequest,
  prepare: (db: Executor) => Promise<RunRequest & { readonly job: Job }>,
): Promise<{ run: Run; isRepeat: boolean }> {
  const key = idempotencyKey(header("idempotency-key"));
  if (key === null) {
    const { job, ...request } = await prepare(app.db);
    return { run: await app.enqueuer.enqueue(job, request), isRepeat: false };
  }
  return startRunOnce(app, { header, payload }, async (tx) => {
    const { job, ...request } = await prepare(tx);
    return app.enqueuer.enqueueIn(tx, job, { ...request, idempotencyKey: key });
  });
}

/**
 * Starts one run in a transaction, and dispatches it after the commit.
 * @param start checks the request and starts the run; not called for a repeated key
 * @throws Problem 422 when another request used the key
 */
export async function startRunOnce(
  app: App,
  request: IdempotentRequest,
  start: (tx: Tx) => Promise<Run>,
): Promise<{ run: Run; isRepeat: boolean }> {
  const { earlier, started: run } = await once(app, request, async (tx, store) => {
    const run = await start(tx);
    await store({ runId: run.id });
    return run;
  });
  if (run) {
    if (run.state === "queued" || run.state === "retrying") await app.enqueuer.dispatch([run]);
    return { run, isRepeat: false };
  }
  const found = await findRun(app.db, earlier.runId!);
  if (!found) throw new Problem(409, "run-gone", "the run of this key is no longer in the ledger");
  return { run: found, isRepeat: true };
}

/**
 * Starts work with a response of its own (many runs, a backfill) in a transaction; a repeated key gets the stored
 * response.
 * @param start checks the request and does its work; not called for a repeated key
 * @returns `started` is null for a repeated key
 * @throws Problem 422 when another request used the key
 */
export async function respondOnce<Started extends { response: Record<string, unknown> }>(
  app: App,
  request: IdempotentRequest,
  start: (tx: Tx) => Promise<Started>,
): Promise<{ response: Record<string, unknown>; started: Started | null }> {
  const { earlier, started } = await once(app, request, async (tx, store) => {
    const result = await start(tx);
    await store({ response: result.response });
    return result;
  });
  return started ? { response: started.response, started } : { response: earlier?.response ?? {}, started: null };
}

type Stored = Parameters<typeof completeIdempotencyKey>[2];
type Once<T> =
  | { readonly started: T; readonly earlier: null }
  | { readonly started: null; readonly earlier: NonNullable<Awaited<ReturnType<typeof claimIdempotencyKey>>> };

/** Claims the key in the transaction that starts the work: of two concurrent requests, one starts it. */
async function once<T>(
  app: App,
  { header, payload }: IdempotentRequest,
  start: (tx: Tx, store: (result: Stored) => Promise<void>) => Promise<T>,
): Promise<Once<T>> {
  const key = idempotencyKey(header("idempotency-key"));
  return app.db.transaction(async (tx): Promise<Once<T>> => {
    if (key === null) return { started: await start(tx, async () => undefined), earlier: null };
    const fingerprint = fingerprintOf(payload);
    const earlier = await claimIdempotencyKey(tx, { key, fingerprint, now: app.clock.now() });
    if (!earlier)
      return { started: await start(tx, (result) => completeIdempotencyKey(tx, key, result)), earlier: null };
    if (earlier.fingerprint === fingerprint) return { started: null, earlier };
    throw new Problem(422, "idempotency-key-reused", `Idempotency-Key: ${key} was used for another request`, {
      errors: [{ field: "Idempotency-Key", reason: "expected the same request as before, or another key" }],
    });
  });
}
