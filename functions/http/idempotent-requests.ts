import type { App } from "#app";
import type { Tx } from "#data/client.ts";
import { claimIdempotencyKey, completeIdempotencyKey } from "#data/platform/idempotency-keys.ts";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { Problem } from "#http/problem.ts";
import type { Job } from "#jobs/job.ts";
import { fingerprintOf, idempotencyKey } from "#operations/idempotency.ts";
import type { RunRequest } from "#runner/new-run.ts";

/** How a request says that it may come twice. */
export interface Asked {
  readonly header: (name: string) => string | null;
  /** What is asked for, whole: with the same key it has to be the same. */
  readonly asked: unknown;
}

/** Asks for a run; with an `Idempotency-Key`, once however often that is asked. */
export async function enqueueOnce(
  app: App,
  { header, asked }: Asked,
  job: Job,
  request: RunRequest,
): Promise<{ run: Run; isRepeat: boolean }> {
  const key = idempotencyKey(header("idempotency-key"));
  if (key === null) return { run: await app.enqueuer.enqueue(job, request), isRepeat: false };
  return startRunOnce(app, { header, asked }, (tx) => app.enqueuer.enqueueIn(tx, job, { ...request, idempotencyKey: key }));
}

/**
 * Starts one run in a transaction, and sends it when that has committed.
 * @throws Problem 422 when the key was used for something else
 */
export async function startRunOnce(
  app: App,
  how: Asked,
  start: (tx: Tx) => Promise<Run>,
): Promise<{ run: Run; isRepeat: boolean }> {
  const { earlier, started: run } = await once(app, how, async (tx, settle) => {
    const run = await start(tx);
    await settle({ runId: run.id });
    return run;
  });
  if (run) {
    if (run.state === "queued" || run.state === "retrying") await app.enqueuer.dispatch([run]);
    return { run, isRepeat: false };
  }
  const found = await findRun(app.db, earlier.runId!);
  if (!found) throw new Problem(409, "run-gone", "the run that this key started is no longer in the ledger");
  return { run: found, isRepeat: true };
}

/** Starts what has an answer of its own (many runs, a backfill) in a transaction; asked again, the answer is the same. */
export async function respondOnce<Started extends { answer: Record<string, unknown> }>(
  app: App,
  how: Asked,
  start: (tx: Tx) => Promise<Started>,
): Promise<{ answer: Record<string, unknown>; started: Started | null }> {
  const { earlier, started } = await once(app, how, async (tx, settle) => {
    const begun = await start(tx);
    await settle({ answer: begun.answer });
    return begun;
  });
  return started ? { answer: started.answer, started } : { answer: earlier?.answer ?? {}, started: null };
}

type Kept = Parameters<typeof completeIdempotencyKey>[2];
type Once<T> =
  | { readonly started: T; readonly earlier: null }
  | { readonly started: null; readonly earlier: NonNullable<Awaited<ReturnType<typeof claimIdempotencyKey>>> };

/** The key is claimed in the very transaction that starts something: of two requests at once one starts it. */
async function once<T>(
  app: App,
  { header, asked }: Asked,
  start: (tx: Tx, settle: (kept: Kept) => Promise<void>) => Promise<T>,
): Promise<Once<T>> {
  const key = idempotencyKey(header("idempotency-key"));
  return app.db.transaction(async (tx): Promise<Once<T>> => {
    if (key === null) return { started: await start(tx, async () => undefined), earlier: null };
    const fingerprint = fingerprintOf(asked);
    const earlier = await claimIdempotencyKey(tx, { key, fingerprint, now: app.clock.now() });
    if (!earlier) return { started: await start(tx, (kept) => completeIdempotencyKey(tx, key, kept)), earlier: null };
    if (earlier.fingerprint === fingerprint) return { started: null, earlier };
    throw new Problem(422, "idempotency-key-reused", `Idempotency-Key: ${key} was used for another request`, {
      errors: [{ field: "Idempotency-Key", reason: "expected the same request as before, or another key" }],
    });
  });
}
