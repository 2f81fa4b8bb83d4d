import { eq } from "drizzle-orm";
import { connect, type Db } from "#data/client.ts";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import type { Job } from "#jobs/job.ts";
import type { DispatchedRun } from "#runner/dependencies.ts";
import type { Environment } from "#settings/environment.ts";
import { unchecked } from "#support/unchecked.ts";
import type { LogEntry } from "#telemetry/log.ts";
import { anError } from "./factories.ts";
import { TestClock } from "./test-clock.ts";
import { startProcess } from "./test-process.ts";

/** Where the job runs: a database by its address, or the test's own connection to one. */
export type JobDatabase = { readonly url: string } | { readonly db: Db };

export type JobOptions = JobDatabase & {
  /** The instant that the run stands for. Default: 2026-03-10T12:00:00Z. */
  readonly asOf?: string | Date;
  readonly input?: unknown;
  /** Settings as environment variables: `{ FX_PROVIDERS: "ecb" }`. */
  readonly settings?: Environment;
  /** The number of the attempt; earlier attempts count as failed. Default 1. */
  readonly attempt?: number;
};

/** The run after the attempt, with its outputs. */
export interface JobOutcome {
  /** The row of the ledger after this attempt. */
  readonly run: Run;
  /** What the job returned; null when it did not succeed. */
  readonly result: Record<string, unknown> | null;
  readonly log: readonly LogEntry[];
  /** The dispatched retry, if there is one. */
  readonly dispatched: readonly DispatchedRun[];
}

/**
 * Executes one attempt of a job as the app does: with the real runner, a real database, input, gates, settings, lease
 * and ledger. An error that the job throws is in `run.errors`.
 *
 * @example
 * const { run, result } = await runJob(cleanupFxUpdates, { url, asOf: "2026-04-05T01:15Z", input: { keepDays: 30 } });
 * @throws InvalidInput when the input does not match the schema of the job; then there is no run
 */
export async function runJob(job: Job, options: JobOptions): Promise<JobOutcome> {
  const { asOf, input = {}, settings = {}, attempt = 1 } = options;
  const own = "url" in options ? connectTo(options.url) : null;
  const db = own ?? (options as { db: Db }).db;
  // The app requires an address; with a given connection it is not used.
  const url = "url" in options ? options.url : "postgres://127.0.0.1/given";
  const app = startProcess(url, [job], { db, clock: new TestClock(asOf), env: settings });
  try {
    // Without its check, which the attempt makes too: what an input names may be gone by then.
    const asked = await app.enqueuer.enqueue(unchecked(job), { input, trigger: "manual", requestedBy: "a test" });
    if (asked.state === "skipped") return { run: asked, result: null, log: app.log, dispatched: [] };
    if (attempt > 1) await failedBefore(db, asked, attempt);
    // The call below executes the first message.
    app.dispatched.length = 0;
    const run = await app.runner.execute(asked.id);
    if (!run) throw new Error(`${job.id} did not start: another run of it holds its concurrency key, or it is paused`);
    return { run, result: run.result, log: app.log, dispatched: app.dispatched };
  } finally {
    await own?.$client.end();
  }
}

function connectTo(url: string): Db {
  return connect({ url, poolMax: 4, idleMs: 60_000, tls: "disable", prepare: true });
}

/** Changes the row as if the earlier attempts had failed. */
async function failedBefore(db: Db, { id, maxAttempts }: Run, attempt: number): Promise<void> {
  if (attempt > maxAttempts) throw new RangeError(`attempt: expected at most ${maxAttempts}, got ${attempt}`);
  const errors = Array.from({ length: attempt - 1 }, (_, n) => anError({ attempt: n + 1, message: "failed before" }));
  await db
    .update(jobRuns)
    .set({ attempt: attempt - 1, state: "retrying", errors })
    .where(eq(jobRuns.id, id));
}
