import type { Tx } from "#data/client.ts";
import { checkedInput } from "#jobs/check-input.ts";
import type { RunResult, UpkeepControls } from "#jobs/context.ts";
import { Cancel, RunTimeout } from "#jobs/endings.ts";
import type { Job } from "#jobs/job.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { isInstance } from "#redaction/error-causes.ts";
import { inWords } from "#schedule/duration.ts";
import { attempts } from "./attempt-channel.ts";
import type { Completion } from "./complete.ts";
import { type Ending, endingOf, type Executed, type OpenEnding, returned } from "./ending.ts";
import { executeItems } from "./execute-items.ts";
import { orAfterGracePeriod } from "./grace-period.ts";
import type { Claimed } from "./held-run.ts";
import { contextOf, type SharedTools } from "./job-context.ts";
import { instantOf } from "./run-instant.ts";
import { logOf } from "./run-log.ts";
import { asWorkOf } from "./unhandled-rejections.ts";

/** Attempts of one batch that run side by side. */
const SIDE_BY_SIDE = 16;

/** What attempts need of the runner. */
export interface ExecuteTools extends SharedTools {
  readonly log: JobLog;
  readonly completion: Pick<Completion, "completeIn">;
  /** Passed to upkeep jobs alone. */
  readonly upkeep: UpkeepControls;
}

/** Executes one attempt of each of some runs of one job. Never throws: whatever happens is an ending. */
export async function execute(tools: ExecuteTools, job: Job, claimed: readonly Claimed[]): Promise<Executed[]> {
  const executed: Executed[] = [];
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < claimed.length; n = next++) executed[n] = await executeOne(tools, job, claimed[n]!);
  };
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, claimed.length) }, worker));
  return executed;
}

async function executeOne(tools: ExecuteTools, job: Job, claimed: Claimed): Promise<Executed> {
  const { run, report } = claimed;
  const ending = await attempts.tracePromise(() => attempt(tools, job, claimed), { jobId: job.id, runs: [run] });
  return { run, ending, progress: report.progress };
}

/** One attempt. Work that `finish` has committed is finished, however it continues. */
async function attempt(tools: ExecuteTools, job: Job, claimed: Claimed): Promise<Ending> {
  const { abort } = claimed.held;
  const { report } = claimed;
  const timer = setTimeout(() => {
    abort.abort(new RunTimeout(`took longer than the ${inWords(job.timeoutMs)} that ${job.id} allows`));
  }, job.timeoutMs);
  let ending: Ending;
  try {
    // A run that was claimed with others may be stopped before its turn.
    abort.signal.throwIfAborted();
    const log = logOf(tools.log, claimed.run);
    const work = asWorkOf(log, () => workOf(tools, job, claimed, log));
    ending = await orAfterGracePeriod(work, abort.signal, log);
  } catch (thrown) {
    ending = endingOf(abort.signal.aborted && !isInstance(thrown, Cancel) ? abort.signal.reason : thrown);
  } finally {
    clearTimeout(timer);
  }
  return report.finished ? { kind: "finished", completed: report.finished } : ending;
}

async function workOf(tools: ExecuteTools, job: Job, { run, held, report }: Claimed, log: JobLog): Promise<OpenEnding> {
  const { work } = job;
  const completeIn = (tx: Tx, result: RunResult) => {
    const ending = returned(result, report.itemFacts());
    return tools.completion.completeIn(tx, job, { run, ending, progress: report.progress });
  };
  const { db, settings } = tools;
  const input = await checkedInput(job, run.input, { db, settings, asOf: instantOf(run) });
  const context = contextOf(run, input, tools, { held, log, report, completeIn });
  switch (work.kind) {
    case "run":
      return returned((await work.run(context)) ?? {}, report.itemFacts());
    case "upkeep":
      return returned((await work.run({ ...context, layer: tools.upkeep })) ?? {}, report.itemFacts());
    case "items":
      return executeItems(work, context);
    case "batch":
      throw new TypeError(`${job.id} executes its runs in batches: use executeBatch`);
  }
}
