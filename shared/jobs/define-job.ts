import type { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { Overlap } from "#data/platform/run-claims.ts";
import { type Duration, milliseconds } from "#schedule/duration.ts";
import type { ChangeableSettingName } from "./changeable-settings.ts";
import type { Family, OnTransition, ZoneSetting } from "./family.ts";
import type { Gate } from "./gates.ts";
import type { InputFacts } from "./input-facts.ts";
import type { Job, JobWork } from "./job.ts";
import { exponential, type RetryPolicy } from "./retry.ts";
import type { Missed, Trigger, TriggerFor } from "./triggers.ts";
import type { UnavailableHook } from "./unavailable-hook.ts";
import type { BatchWork, ItemWork, RunWork, UpkeepWork, Work } from "./work.ts";

/** What a job has beside its input schema, its trigger and its work. */
interface JobOptions<Input> {
  /** snake_case; the file has the same words in kebab-case. */
  readonly id: string;
  /** Earlier ids of the job: settings under those names still apply. Default: none. */
  readonly formerIds?: readonly string[];
  readonly family: Family;
  /** One line for tables. */
  readonly summary: string;
  /**
   * Refuses an input that matches the schema but cannot succeed: throws `InvalidInput`, which names each field. Called
   * wherever a run is requested, and by each attempt of `run` and of items; `runBatch` refuses such inputs itself, for
   * all of its runs together. Runs that jobs enqueue are checked by their attempts alone. Default: no check.
   */
  readonly checkInput?: (input: Input, facts: InputFacts) => void | Promise<void>;
  /** Default: exponential, 3 retries. */
  readonly retry?: RetryPolicy;
  /** How long one attempt may take, at most 24 days. Default 10 minutes. */
  readonly timeout?: Duration;
  /**
   * At most one run at a time per job and key. Default `"one"`: one run of the job at a time. A function makes the key
   * from the input after its schema; a run whose key is `null` never waits for another.
   */
  readonly concurrency?: "one" | ((input: Input) => string | null);
  /**
   * What happens to slots that passed while the app was down: `skip` them, run the newest `once` for all, or run `all`,
   * oldest first, at most 100. Default `once`. The ledger records every slot.
   */
  readonly missed?: Missed;
  /** A slot that would start later than this is skipped. Default: never too late. */
  readonly maxLateness?: Duration;
  /**
   * What happens to a slot while an earlier run is active: `skip` it, let it wait, or cancel that run. Default `skip`.
   */
  readonly overlap?: Overlap;
  /**
   * Ids of the jobs that run, with no input, after each success of this one; enqueued in the transaction of its end.
   */
  readonly then?: readonly string[];
  /** false: the job runs only where `<ID>_ENABLED` is set to true. Default true. */
  readonly enabledByDefault?: boolean;
  /** What must be open for the job to run. */
  readonly gates?: readonly Gate[];
  /**
   * `own`: requested runs wait in a queue of this job, and a function of its own takes them one at a time, so that they
   * scale alone. For a schedule that enqueues many long runs. Default: the shared queue; event-driven jobs always have
   * their own.
   */
  readonly queue?: "own";
  /** The setting that replaces the time zone of the schedule. Default: the family's. */
  readonly zoneSetting?: ZoneSetting;
  /** The changeable settings that the work reads with `effectiveSettings`. Default: none. */
  readonly changeableSettings?: readonly ChangeableSettingName[];
  /**
   * Called in the transaction in which the run enters its state (`run.state`), so that a family's own tracking row
   * always agrees with the ledger. Keep it to one or two statements; it must be safe to repeat. `itemFailures` has up
   * to 10,100 failed items of the attempt that has just ended; `run` has the first 100.
   */
  readonly onTransition?: OnTransition;
  /**
   * Called in the transaction in which waiting or running runs are discarded: `dead`, `cancelled` or `skipped`. It gets
   * those of a batch together. Unlike `onTransition`, it adds no cost to other runs and allows `enqueueAll`.
   */
  readonly onDiscarded?: (tx: Tx, runs: readonly Run[]) => Promise<void>;
  /**
   * Called once by each tick of the schedule that finds the database unavailable, without a run. No gate is asked:
   * the database has them. Default: none.
   */
  readonly onUnavailable?: UnavailableHook;
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
 * @throws TypeError when the id or a former id is not snake_case
 * @throws RangeError when the timeout or the tolerated share is out of range
 */
export function defineJob<Schema extends z.ZodType, Item = never>(
  options: JobOptions<z.output<Schema>> & { readonly input: Schema } & TriggerFor<Schema> &
    Work<z.output<Schema>, Item>,
): Job {
  const { id, formerIds = [], family, on, checkInput, onDiscarded, onUnavailable } = options;
  const onTransition = bothHooks(options.onTransition, family.onTransition);
  for (const each of [id, ...formerIds]) checkId(each);
  return {
    id,
    formerIds,
    family,
    summary: options.summary,
    on,
    input: options.input,
    ...(checkInput && { checkInput: checkInput as NonNullable<Job["checkInput"]> }),
    retry: options.retry ?? exponential(),
    timeoutMs: timeoutOf(id, options.timeout ?? "10m"),
    concurrencyKey: keyReader((options.concurrency ?? "one") as Concurrency),
    gates: options.gates ?? [],
    queue: queueOf(on, options.queue),
    ...(onTransition && { onTransition }),
    ...(onDiscarded && { onDiscarded }),
    ...(onUnavailable && { onUnavailable }),
    missed: options.missed ?? "once",
    maxLatenessMs: options.maxLateness === undefined ? null : milliseconds(options.maxLateness),
    overlap: options.overlap ?? "skip",
    then: options.then ?? [],
    upkeep: options.upkeep ?? false,
    enabledByDefault: options.enabledByDefault ?? true,
    zoneSetting: "expression" in on ? (options.zoneSetting ?? family.zoneSetting) : undefined,
    changeableSettings: options.changeableSettings ?? [],
    work: workOf(id, options as unknown as AnyWork),
  };
}

function bothHooks(own: OnTransition | undefined, ofFamily: OnTransition | undefined): OnTransition | undefined {
  if (!own || !ofFamily) return own ?? ofFamily;
  return async (...change) => {
    await own(...change);
    await ofFamily(...change);
  };
}

function checkId(id: string): void {
  if (/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(id)) return;
  throw new TypeError(`job id: expected snake_case such as "sync_fx_latest", got ${JSON.stringify(id)}`);
}

type AnyWork =
  (RunWork<never> & { readonly upkeep?: false }) | UpkeepWork<never> | ItemWork<never, never> | BatchWork<never>;

function workOf(id: string, work: AnyWork): JobWork {
  if ("runBatch" in work) return { kind: "batch", runBatch: work.runBatch };
  if ("run" in work) return work.upkeep ? { kind: "upkeep", run: work.run } : { kind: "run", run: work.run };
  const { items, key, total, tolerate, tolerateOf } = work;
  const tolerated = { tolerateShare: shareOf(id, tolerate ?? "100%"), ...(tolerateOf && { tolerateOf }) };
  const parts = { items, key, ...(total && { total }), ...tolerated };
  if (work.each) return { kind: "items", ...parts, each: work.each };
  const { batchOf, eachBatch, weight } = work;
  if (!Number.isInteger(batchOf) || batchOf < 1 || batchOf > 1_000) {
    throw new RangeError(`${id}: batchOf: expected 1 to 1000 items, got ${batchOf}`);
  }
  return { kind: "items", ...parts, batchOf, eachBatch, ...(weight && { weight }) };
}

function queueOf(on: Trigger, queue: "own" | undefined): Job["queue"] {
  if ("kind" in on && on.kind === "event") return { batch: on.batch };
  return queue === "own" ? { batch: 1 } : null;
}

/** The longest delay of a Node timer; a longer one fires at once. */
const LONGEST_TIMEOUT_MS = milliseconds("24d");

function timeoutOf(id: string, timeout: Duration): number {
  const ms = milliseconds(timeout);
  if (ms < 1 || ms > LONGEST_TIMEOUT_MS) {
    throw new RangeError(`${id}: timeout: expected more than 0 and at most "24d", got ${JSON.stringify(timeout)}`);
  }
  return ms;
}

type Concurrency = "one" | ((input: unknown) => string | null);

function keyReader(concurrency: Concurrency): (input: unknown) => string | null {
  return concurrency === "one" ? () => "" : concurrency;
}

function shareOf(id: string, percent: string): number {
  const share = /^\d+(\.\d+)?%$/.test(percent) ? Number(percent.slice(0, -1)) / 100 : NaN;
  if (!(share <= 1)) {
    throw new RangeError(`${id}: tolerate: expected a share from "0%" to "100%", got ${JSON.stringify(percent)}`);
  }
  return share;
}
