import type { Db, Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import type { CallPolicy } from "./call-policy.ts";
import type { JobLog } from "./job-log.ts";
import type { Outbound, OutboundOptions } from "./outbound-client.ts";
import type { RunObserver } from "./run-observer.ts";

/** What the work of a job gets. */
export interface JobContext<Input> {
  /** The input after its schema: defaults filled in. */
  readonly input: Input;
  /** The instant that the run stands for: its slot, or the time of its request. The same in every attempt. */
  readonly asOf: Date;
  /** Aborted on timeout, cancel, closed gate, lost lease and graceful stop. Pass it to everything that waits. */
  readonly signal: AbortSignal;
  /** For reading. Write in `transaction`: it refuses to commit when this process no longer holds the run. */
  readonly db: Db;
  readonly settings: Config;
  /** For the time at which something happens. What the work is about depends on `asOf`. */
  readonly clock: Clock;
  readonly log: JobLog;
  readonly run: Pick<
    Run,
    "id" | "jobId" | "family" | "trigger" | "attempt" | "maxAttempts" | "scheduledFor" | "correlationId" | "requestedBy"
  >;
  /**
   * Runs `work` in one transaction that commits only while this process holds the run. Do not call the network in it.
   */
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /**
   * Does the last part of the work and ends the run as succeeded in one transaction: both commit or neither. Work that
   * only `transaction` commits may repeat when the process dies before the run's end is written.
   * @returns what `work` returns, for `run` to return
   */
  readonly finish: <Result extends RunResult | void>(work: (tx: Tx) => Promise<Result>) => Promise<RunResult>;
  /**
   * Enqueues a run of another job in a transaction of `transaction`, `batches` or `paginate`: the run exists if that
   * commits, and its message is sent right after.
   * @throws InvalidInput when the input does not match that job's schema
   */
  readonly enqueue: (tx: Tx, jobId: string, input?: unknown) => Promise<void>;
  /** Enqueues many runs of one job in one statement. That job may have no `onTransition`. */
  readonly enqueueAll: (tx: Tx, jobId: string, inputs: readonly unknown[]) => Promise<void>;
  /**
   * Publishes live events after the transaction has committed; a rollback publishes none. An event may get lost: use a
   * run or a notification for what has to arrive.
   * @throws TypeError when a channel or a type is not valid
   */
  readonly publish: RunObserver["publish"];
  /**
   * Opens a client for a provider: the one door to the outside. Its calls wait for the rate limit that all processes
   * share; while the provider is down or its quota is exhausted they throw, and the run waits without spending an
   * attempt. Not within a transaction.
   */
  readonly outbound: (options: OutboundOptions) => Outbound;
  /** The policy of these calls, for provider clients that a factory opens. Undefined: every call starts at once. */
  readonly callPolicy: CallPolicy | undefined;
  /**
   * Makes an effect outside the database happen once, however many attempts the run takes: see `shared/runner/once.ts`.
   * @param key names the effect for ever: `order 4711 placed`
   */
  readonly once: <T>(key: string, effect: (idempotencyKey: string) => Promise<T>, options?: OnceOptions) => Promise<T>;
  /**
   * Repeats `work(tx, limit)`, each call in its own transaction, until all its counts are 0.
   * @returns the sum of the counts
   */
  readonly batches: (limit: number, work: (tx: Tx, limit: number) => Promise<Counts>) => Promise<Counts>;
  /**
   * Goes through rows page by page in a fixed order: repeats `work(tx, { limit, after })`, each call in its own
   * transaction, until it returns `next: null`. Each page starts after the cursor of the page before, so a row that
   * fails is skipped and no row is read twice. After each commit the layer logs what was `affected` and records what
   * `failed`.
   * @returns the sum of the counts
   */
  readonly paginate: <Cursor>(
    limit: number,
    work: (tx: Tx, page: Page<Cursor>) => Promise<PageResult<Cursor>>,
  ) => Promise<Counts>;
  /** Records items that could not be processed, as `failed` of a page does. The run succeeds with their reasons. */
  readonly recordFailures: (failed: readonly FailedItem[]) => void;
  /** Reports how far the work is. The next heartbeat stores it, without a statement of its own. */
  readonly progress: (done: number, total?: number, note?: string) => void;
}

/** What the work of an upkeep job gets. */
export interface UpkeepContext<Input> extends JobContext<Input> {
  /** The layer's own maintenance of all runs. */
  readonly layer: UpkeepControls;
}

/** What upkeep jobs do for all other jobs. */
export interface UpkeepControls {
  /** Moves runs whose lease has expired to their next attempt, or to the dead runs. @returns how many of each */
  rescueExpiredRuns(): Promise<{ retrying: number; dead: number }>;
  /**
   * Frees slots that were taken too early, then runs or records those that no tick recorded, by the policy of each job.
   * @returns how many runs wait now
   */
  catchUpSlots(): Promise<number>;
  /** Dispatches due runs again that no worker has claimed, and continues backfills. @returns how many runs */
  dispatchOverdueRuns(options?: { readonly signal?: AbortSignal }): Promise<number>;
}

/** What the work of a batch gets. */
export interface BatchContext<Input> extends Pick<
  JobContext<Input>,
  "signal" | "db" | "settings" | "clock" | "log" | "publish" | "outbound" | "callPolicy"
> {
  readonly runs: readonly BatchedRun<Input>[];
  /** One transaction for all; it commits only while this process holds every one of the runs. */
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** Sets the result of one run. Default: empty. */
  readonly result: (run: BatchedRun<Input>, result: RunResult) => void;
  /** Ends one run as if its work had thrown this error: its class decides about a retry, a `Snooze` delays the run. */
  readonly fail: (run: BatchedRun<Input>, error: Error) => void;
}

/** One of the runs that a batch executes together. */
export interface BatchedRun<Input> {
  readonly id: string;
  readonly input: Input;
  readonly asOf: Date;
  readonly attempt: number;
}

/** The rows to read next: the first `limit` after the cursor, or from the beginning where it is null. */
export interface Page<Cursor> {
  readonly limit: number;
  readonly after: Cursor | null;
}

/** What the work did with a page. */
export interface PageResult<Cursor> {
  /** The cursor after which the next page starts; null when no rows are left. */
  readonly next: Cursor | null;
  readonly counts: Counts;
  /** Ids of the rows that were changed. */
  readonly affected?: readonly string[];
  /** Rows that could not be processed, and were not changed. */
  readonly failed?: readonly FailedItem[];
}

export interface FailedItem {
  /** Names the item in the run and in logs. */
  readonly key: string;
  readonly error: Error;
}

export interface OnceOptions {
  /**
   * What a repeat does when it is unknown whether the effect happened (a crash or a timeout during it). `"repeat"`: do
   * it again with the same idempotency key, for providers that support such keys. `"park"` (default): fail the run for
   * good and let a person decide, for effects that must not happen twice.
   */
  readonly whenUnknown?: "repeat" | "park";
}

/** What a run did, as the ledger and the log show it. */
export type Counts = Record<string, number>;
export type RunResult = Record<string, unknown>;
