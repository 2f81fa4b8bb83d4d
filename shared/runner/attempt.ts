import { tracingChannel } from "node:diagnostics_channel";
import type { Run } from "#data/platform/schema.ts";
import type { Job } from "#jobs/define-job.ts";
import { Cancel, CancelRequested, GateClosed, Interrupted, RunTimeout, Snooze } from "#jobs/endings.ts";
import { asError } from "#jobs/error-class.ts";
import { readInput } from "#jobs/input.ts";
import { isA } from "#redaction/error-causes.ts";
import { inWords } from "#schedule/duration.ts";
import { contextOf, type ContextTools } from "./context.ts";
import type { HeldRun } from "./heartbeat.ts";
import { performItems } from "./items.ts";
import { patiently } from "./patience.ts";
import { type Ending, returned } from "./transition.ts";
import { asWorkOf } from "./unhandled-rejections.ts";

/** Runs at whose work this process is: one, or those of a batch that are done together. */
export interface Attempt {
  readonly jobId: string;
  readonly runs: readonly Run[];
  /** How a run alone ended, once it has. */
  result?: Ending;
  /** What the work of a batch threw. */
  error?: unknown;
}

/** Told when an `Attempt` begins and ends; what it calls is called within. */
export const attempts = tracingChannel<unknown, Attempt>("rota.attempt");

/** Does one attempt of a run that this process holds. Never throws: whatever happens is an ending. */
export async function attempt(job: Job, run: Run, tools: ContextTools): Promise<Ending> {
  return attempts.tracePromise(() => attemptUntold(job, run, tools), { jobId: job.id, runs: [run] });
}

async function attemptUntold(job: Job, run: Run, tools: ContextTools): Promise<Ending> {
  const { abort } = tools.held;
  const timer = setTimeout(() => {
    abort.abort(new RunTimeout(`took longer than the ${inWords(job.timeoutMs)} that ${job.id} allows`));
  }, job.timeoutMs);
  try {
    // A run of a batch that was claimed with others may hear of its end before its turn.
    abort.signal.throwIfAborted();
    const context = contextOf(run, readInput(job, run.input), tools);
    const work = asWorkOf(tools.log, () => perform(job, context, tools.held));
    return await patiently(work, abort.signal, tools.log);
  } catch (thrown) {
    return endingOf(abort.signal.aborted && !isA(thrown, Cancel) ? abort.signal.reason : thrown);
  } finally {
    clearTimeout(timer);
  }
}

async function perform(job: Job, context: ReturnType<typeof contextOf>, held: HeldRun): Promise<Ending> {
  if (job.work.kind === "batch") throw new TypeError(`${job.id} is done in batches: use performBatch`);
  if (job.work.kind === "items") return performItems(job.work, context);
  const result = (await job.work.run(context)) ?? {};
  return returned(result, held.failures?.facts());
}

/** What something thrown makes of an attempt. */
export function endingOf(thrown: unknown): Ending {
  if (isA(thrown, Cancel) || isA(thrown, CancelRequested)) return { kind: "cancelled", reason: thrown.message };
  if (isA(thrown, GateClosed)) return { kind: "cancelled", reason: thrown.message, code: thrown.code };
  if (isA(thrown, Snooze)) return { kind: "snoozed", delayMs: thrown.delayMs, reason: thrown.message };
  if (isA(thrown, Interrupted)) return { kind: "interrupted" };
  return { kind: "threw", error: asError(thrown) };
}
