import type { z } from "zod";
import type { Db, Tx } from "#data/client.ts";
import type { Overlap } from "#data/platform/claims.ts";
import type { Gated } from "#data/platform/gates.ts";
import type { Run } from "#data/platform/schema.ts";
import type { OnceOptions } from "#runner/once.ts";
import type { Clock } from "#schedule/clock.ts";
import { type Duration, milliseconds } from "#schedule/duration.ts";
import type { Schedule } from "#schedule/index.ts";
import type { Config } from "#settings/config.ts";
import type { Gate } from "./gates.ts";
import type { JobLog } from "./job-log.ts";
import type { Missed } from "./missed-slots.ts";
import { exponential, type RetryPolicy } from "./retry.ts";
import type { RunObserver } from "./run-observer.ts";

/** A group of jobs that belong to one business system; its schema in the database has the same name. */
export interface Family {
  readonly id: string;
  readonly title: string;
}

/** No timer: the job runs when a person, another job or an event asks for it. */
export const manual = { kind: "manual" } as const;
export type Manual = typeof manual;

/** No timer, but a queue and a function of its own: for jobs that many small events ask for, so that they scale alone. */
export interface OnEvent {
  readonly kind: "event";
  /** Most runs that one invocation takes. */
  readonly batch: number;
}

/** @param batch most runs that one invocation takes. Default 100; 1 for long work, whose message lock is then renewed */
export function event({ batch = 100 }: { batch?: number } = {}): OnEvent {
  if (!Number.isInteger(batch) || batch < 1 || batch > 1_000) {
    throw new RangeError(`expected a batch of 1 to 1000 runs, got ${batch}`);
  }
  return { kind: "event", batch };
}

/** What the layer's own jobs do for all others. */
export interface UpkeepControls {
  /** Moves runs whose holder went silent. */
  rescueExpiredRuns(): Promise<{ retrying: number; dead: number }>;
  /** Sends waiting runs again that no message brought. */
  dispatchOverdueRuns(options?: { readonly signal?: AbortSignal }): Promise<number>;
  /** Puts a run of another job into the ledger, in the caller's transaction, as a child of `parent`. */
  enqueueChild(
    tx: Tx,
    parent: Pick<Run, "id" | "jobId" | "correlationId">,
    jobId: string,
    input: unknown,
  ): Promise<Run>;
  /** The same for many runs of one job that follows none of its runs (no `onTransition`), in one statement. */
  enqueueChildren(
    tx: Tx,
    parent: Pick<Run, "id" | "jobId" | "correlationId">,
    jobId: string,
    inputs: readonly unknown[],
  ): Promise<Pick<Run, "id" | "jobId" | "notBefore">[]>;
  /** Sends waiting runs on their way, after the transaction that made them. */
  send(runs: readonly Pick<Run, "id" | "jobId" | "notBefore">[]): Promise<void>;
}

/** What a job's work is given. */
export interface JobContext<Input> {
  /** The input after its schema: defaults filled in. */
  readonly input: Input;
  /** The moment that the run stands for: its slot, or when it was asked for. The same in every attempt. */
  readonly asOf: Date;
  /** Aborted on timeout, cancel, lost lease and graceful stop. Hand it to everything that waits. */
  readonly signal: AbortSignal;
  /** For reading. Writes belong into `transaction`, which refuses to commit for a run that was taken away. */
  readonly db: Db;
  readonly settings: Config;
  /** For the time at which something happens. What the work is about goes by `asOf`. */
  readonly clock: Clock;
  /** For the layer's own jobs. */
  readonly layer: UpkeepControls;
  readonly log: JobLog;
  readonly run: Pick<
    Run,
    "id" | "jobId" | "family" | "trigger" | "attempt" | "maxAttempts" | "scheduledFor" | "correlationId" | "requestedBy"
  >;
  /** Runs `work` in one transaction that commits only while this process holds the run. Call no network in it. */
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /**
   * Does the last of the work and ends the run as succeeded in one transaction: both or neither, whatever crashes. What is
   * done in `transaction` alone may be done again when the process dies before the run's end is written.
   * @returns what `work` returns, for `run` to return
   */
  readonly finish: <Result extends RunResult | void>(work: (tx: Tx) => Promise<Result>) => Promise<RunResult>;
  /**
   * Asks for a run of another job in a transaction of `transaction` or `batches`: it exists if that commits, and is sent
   * right after.
   * @throws InvalidInput when the input does not fit that job's schema
   */
  readonly enqueue: (tx: Tx, jobId: string, input?: unknown) => Promise<void>;
  /** The same for many runs of one job, in one statement. That job may have no `onTransition`. */
  readonly enqueueAll: (tx: Tx, jobId: string, inputs: readonly unknown[]) => Promise<void>;
  /**
   * Tells those who watch, once the transaction has committed, and never when it is rolled back. An event may get lost: what has
   * to arrive is a run or a notification.
   * @throws TypeError when a channel or a type is none
   */
  readonly publish: RunObserver["publish"];
  /**
   * Makes an effect outside the database happen once, however often the run is tried: see `once.ts`.
   * @param key names the effect for ever: `order 4711 placed`
   */
  readonly once: <T>(key: string, effect: (idempotencyKey: string) => Promise<T>, options?: OnceOptions) => Promise<T>;
  /**
   * Repeats `work(tx, limit)`, each call its own transaction, until it reports that it did nothing (every count 0),
   * and answers with the counts summed.
   */
  readonly batches: (limit: number, work: (tx: Tx, limit: number) => Promise<Counts>) => Promise<Counts>;
  /**
   * Goes through rows in an order of theirs, each once: repeats `work(tx, { limit, after })`, each call its own transaction,
   * from where the one before ended, until it answers that nothing is left (`last: null`). So rows that cannot be done are
   * passed by, and those done before are not read again. Answers with the counts summed; what `failed` becomes the run's
   * item failures, and what was `affected` is logged, both once it is committed.
   */
  readonly paginate: <Cursor>(limit: number, work: (tx: Tx, page: Page<Cursor>) => Promise<PageResult<Cursor>>) => Promise<Counts>;
  /** Says how far the work is; stored with the next heartbeat, at no statement of its own. */
  readonly progress: (done: number, total?: number, note?: string) => void;
}

/** Which rows are next: the first `limit` after a place, from the beginning where that is null. */
export interface Page<Cursor> {
  readonly limit: number;
  readonly after: Cursor | null;
}

/** What became of a page. */
export interface PageResult<Cursor> {
  /** Where it ended; null when there was nothing left. */
  readonly next: Cursor | null;
  readonly counts: Counts;
  /** Ids of what was changed. */
  readonly affected?: readonly string[];
  /** What could not be done, and was not touched. */
  readonly failed?: readonly FailedItem[];
}

export interface FailedItem {
  /** Names the item in the run and in logs. */
  readonly key: string;
  readonly error: Error;
}

/** What a run did, as the ledger and the log show it. */
export type Counts = Record<string, number>;
export type RunResult = Record<string, unknown>;
export type Reported = RunResult | void;

interface Settings<Input> {
  /** snake_case; the file is the same words in kebab-case. */
  readonly id: string;
  readonly family: Family;
  /** One line for tables. */
  readonly summary: string;
  /** Default: exponential, 3 retries. */
  readonly retry?: RetryPolicy;
  /** How long one attempt may take, at most 24 days. Default 10 minutes. */
  readonly timeout?: Duration;
  /**
   * At most one run at a time per job and key. Default `"one"`: one run of the job at a time. A function makes the key
   * from the input, as the schema reads it; a run whose key is `null` never waits for another.
   */
  readonly concurrency?: "one" | ((input: Input) => string | null);
  /**
   * What becomes of slots that passed while the app was down: `skip` them, let `once` stand for all (the newest runs), or run
   * `all`, oldest first, at most 100. Default `once`. Every one is recorded.
   */
  readonly missed?: Missed;
  /** A slot that would start later than this is skipped. Default: never too late. */
  readonly maxLateness?: Duration;
  /** What becomes of a slot while the run before it goes on: `skip` it, or let it wait and that run go on or be cancelled. Default `skip`. */
  readonly overlap?: Overlap;
  /** Ids of the jobs that run, with no input, after each success of this one; asked for in the transaction of its end. */
  readonly then?: readonly string[];
  /** Runs even while jobs are switched off: for the layer's own upkeep alone. Default false. */
  readonly upkeep?: boolean;
  /** false: the job runs only where `<ID>_ENABLED` is set to true. Default true. */
  readonly enabledByDefault?: boolean;
  /** What must be open for the job to run. */
  readonly gates?: readonly Gate[];
  /**
   * `own`: runs that are asked for wait in a queue of this job, and a function of its own takes them one at a time, so that they scale
   * alone. For a schedule that makes many long runs. Default: the queue that such jobs share; event-driven ones have their own anyway.
   */
  readonly queue?: "own";
  /**
   * Called in the very transaction in which the run comes into its state (`run.state`), so that a family's own tracking
   * row can never disagree with the ledger. Keep it to one or two statements; it must be safe to repeat.
   */
  readonly onTransition?: (tx: Tx, run: Run) => Promise<void>;
  /**
   * Called in the very transaction in which waiting or running runs come to nothing: `dead`, `cancelled` or `skipped`. It gets those of
   * a batch together, costs the others nothing, and many runs of the job can be enqueued in one statement.
   */
  readonly onDiscarded?: (tx: Tx, runs: readonly Run[]) => Promise<void>;
}

interface RunWork<Input> {
  readonly run: (context: JobContext<Input>) => Promise<Reported>;
}

/** No part of another body: two bodies do not compile. */
type Without<Body> = { readonly [Part in keyof Body]?: never };

/** Work in one piece, or items and what is done with each or with some of them, or runs by the batch. */
type Work<Input, Item> =
  | (RunWork<Input> & Without<AnyItems<Input, Item>> & Without<BatchWork<Input>>)
  | (ItemWork<Input, Item> & Without<RunWork<Input>> & Without<BatchWork<Input>>)
  | (BatchWork<Input> & Without<RunWork<Input>> & Without<AnyItems<Input, Item>>);

type AnyItems<Input, Item> = Items<Input, Item> & OneByOne<Input, Item> & ManyAtOnce<Input, Item>;

/** One of the runs that a batch does together. */
export interface BatchedRun<Input> {
  readonly id: string;
  readonly input: Input;
  readonly asOf: Date;
  readonly attempt: number;
}

/** What a batch's work is given. */
export interface BatchContext<Input> extends Pick<
  JobContext<Input>,
  "signal" | "db" | "settings" | "clock" | "log" | "publish"
> {
  readonly runs: readonly BatchedRun<Input>[];
  /** One transaction for all; it commits only while this process holds every one of the runs. */
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** Ends one run as if its work had thrown this: by its class an error is tried again, a `Snooze` puts it off. The others are not touched. */
  readonly fail: (run: BatchedRun<Input>, error: Error) => void;
}

/** For event jobs whose runs can be done by one statement: all that are not failed succeed. */
export interface BatchWork<Input> {
  readonly runBatch: (context: BatchContext<Input>) => Promise<void>;
}

interface Items<Input, Item> {
  /** What is to be done, one element an item. */
  readonly items: (context: JobContext<Input>) => Iterable<Item> | AsyncIterable<Item> | Promise<Iterable<Item>>;
  /** Names the item in failures and logs. */
  readonly key: (item: Item) => string;
  readonly total?: (context: JobContext<Input>) => Promise<number>;
  /** The run fails when a larger share of the items does. Default: any share is tolerated. */
  readonly tolerate?: `${number}%`;
}

interface OneByOne<Input, Item> {
  /** Does one item and returns what happened to it (`"renewed"`, `"declined"`); the layer counts that. */
  readonly each: (item: Item, context: JobContext<Input>) => Promise<string>;
}

interface ManyAtOnce<Input, Item> {
  /** Most items that `eachBatch` is given. The next ones are gathered while it works, so `items` must not wait for what it does. */
  readonly batchOf: number;
  /** How many items this one counts as, where some are much larger than others: a batch is full with it at the latest. Default 1. */
  readonly weight?: (item: Item) => number;
  /**
   * Does some items in one transaction and returns what happened to each, in their order: an outcome to count, or the error
   * of an item that failed. When it throws, it is called again for each of them alone, so that one spoils no other.
   */
  readonly eachBatch: (items: readonly Item[], context: JobContext<Input>) => Promise<readonly (string | Error)[]>;
}

export type ItemWork<Input, Item> = Items<Input, Item> &
  (
    | (OneByOne<Input, Item> & Without<ManyAtOnce<Input, Item>>)
    | (ManyAtOnce<Input, Item> & Without<OneByOne<Input, Item>>)
  );

/** A scheduled run has no input, so its schema must accept `{}`. */
type TriggerFor<Schema extends z.ZodType> =
  | { readonly on: Manual | OnEvent }
  | (Record<string, never> extends z.input<Schema>
      ? { readonly on: Schedule }
      : { readonly on: Manual & "a scheduled job gets no input: make each field optional or give it a default" });

/** A job as the layer sees it. Made by `defineJob`; importing it registers nothing. */
export interface Job {
  readonly id: string;
  readonly family: Family;
  readonly summary: string;
  readonly on: Schedule | Manual | OnEvent;
  readonly input: z.ZodType;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly concurrencyKey: (input: unknown) => string | null;
  readonly gates: readonly Gate[];
  /** The queue of its own, with the most runs that one invocation takes; null: the queue that jobs share. */
  readonly queue: { readonly batch: number } | null;
  readonly onTransition?: (tx: Tx, run: Run) => Promise<void>;
  readonly onDiscarded?: (tx: Tx, runs: readonly Run[]) => Promise<void>;
  readonly work:
    | { readonly kind: "run"; readonly run: (context: JobContext<never>) => Promise<Reported> }
    | ({ readonly kind: "items"; readonly tolerateShare: number } & ItemWork<never, never>)
    | ({ readonly kind: "batch" } & BatchWork<never>);
  readonly missed: Missed;
  /** Null: never too late. */
  readonly maxLatenessMs: number | null;
  readonly overlap: Overlap;
  readonly then: readonly string[];
  /** Runs while `jobs_enabled` is off: the layer's own upkeep, without which things would rot. */
  readonly upkeep: boolean;
  /** Whether it runs where no `<ID>_ENABLED` is set. */
  readonly enabledByDefault: boolean;
}

/**
 * Makes a job from what its author writes.
 *
 * @example
 * export const cleanupFxUpdates = defineJob({
 *   id: "cleanup_fx_updates",
 *   family: portfolio,
 *   summary: "Delete old tracking rows",
 *   on: schedule("0 0 3 * * 0", "UTC"),
 *   input: z.object({ keepDays: z.int().positive().default(90) }),
 *   run: ({ transaction, input, asOf }) =>
 *     transaction(async (tx) => ({ deleted: await deleteUpdatesBefore(tx, daysBefore(asOf, input.keepDays)) })),
 * });
 * @throws TypeError when the id is not snake_case
 * @throws RangeError when the timeout or the tolerated share is out of range
 */
export function defineJob<Schema extends z.ZodType, Item = never>(
  options: Settings<z.output<Schema>> & { readonly input: Schema } & TriggerFor<Schema> & Work<z.output<Schema>, Item>,
): Job {
  const { id, family, summary, on, input, retry, timeout, concurrency, gates, onTransition, onDiscarded } = options;
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(id)) {
    throw new TypeError(`job id: expected snake_case such as "sync_fx_latest", got ${JSON.stringify(id)}`);
  }
  return {
    id,
    family,
    summary,
    on,
    input,
    retry: retry ?? exponential(),
    timeoutMs: timeoutOf(id, timeout ?? "10m"),
    concurrencyKey: keyReader((concurrency ?? "one") as "one" | ((input: unknown) => string | null)),
    gates: gates ?? [],
    queue: queueOf(on, options.queue),
    ...(onTransition && { onTransition }),
    ...(onDiscarded && { onDiscarded }),
    missed: options.missed ?? "once",
    maxLatenessMs: options.maxLateness === undefined ? null : milliseconds(options.maxLateness),
    overlap: options.overlap ?? "skip",
    then: options.then ?? [],
    upkeep: options.upkeep ?? false,
    enabledByDefault: options.enabledByDefault ?? true,
    work: workOf(id, options as unknown as AnyWork),
  };
}

export function isScheduled(job: Job): job is Job & { on: Schedule } {
  return "expression" in job.on;
}

/** What the database's controls have to allow, as `platform.gate_refusal` names it. */
export function needsOf({ upkeep, gates }: Pick<Job, "upkeep" | "gates">): string[] {
  return [...(upkeep ? [] : ["jobs"]), ...gates.flatMap(({ need }) => need ?? [])];
}

/** What the gates are asked about the job. */
export function gatedOf(job: Pick<Job, "id" | "family" | "upkeep" | "gates">): Gated {
  return { jobId: job.id, family: job.family.id, needs: needsOf(job) };
}

type AnyWork = RunWork<never> | ItemWork<never, never> | BatchWork<never>;

function workOf(id: string, work: AnyWork): Job["work"] {
  if ("runBatch" in work) return { kind: "batch", runBatch: work.runBatch };
  if ("run" in work) return { kind: "run", run: work.run };
  const { items, key, total, tolerate } = work;
  const parts = { items, key, ...(total && { total }), tolerateShare: shareOf(id, tolerate ?? "100%") };
  if (work.each) return { kind: "items", ...parts, each: work.each };
  const { batchOf, eachBatch, weight } = work;
  if (!Number.isInteger(batchOf) || batchOf < 1 || batchOf > 1_000) {
    throw new RangeError(`${id}: batchOf: expected 1 to 1000 items, got ${batchOf}`);
  }
  return { kind: "items", ...parts, batchOf, eachBatch, ...(weight && { weight }) };
}

function queueOf(on: Job["on"], queue: "own" | undefined): Job["queue"] {
  if ("kind" in on && on.kind === "event") return { batch: on.batch };
  return queue === "own" ? { batch: 1 } : null;
}

/** Timers of Node hold no more than this; one that is set for longer fires at once. */
const LONGEST_TIMEOUT_MS = milliseconds("24d");

function timeoutOf(id: string, timeout: Duration): number {
  const ms = milliseconds(timeout);
  if (ms < 1 || ms > LONGEST_TIMEOUT_MS) {
    throw new RangeError(`${id}: timeout: expected more than 0 and at most "24d", got ${JSON.stringify(timeout)}`);
  }
  return ms;
}

function keyReader(concurrency: "one" | ((input: unknown) => string | null)): (input: unknown) => string | null {
  return concurrency === "one" ? () => "" : concurrency;
}

function shareOf(id: string, percent: string): number {
  const share = /^\d+(\.\d+)?%$/.test(percent) ? Number(percent.slice(0, -1)) / 100 : NaN;
  if (!(share <= 1)) {
    throw new RangeError(`${id}: tolerate: expected a share from "0%" to "100%", got ${JSON.stringify(percent)}`);
  }
  return share;
}
