import type { Tx } from "#data/client.ts";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/schema.ts";
import { type BatchWork, type Job, type LayerControls, needsOf, type RunResult } from "#jobs/define-job.ts";
import { Interrupted, RunTimeout } from "#jobs/endings.ts";
import type { Watch } from "#jobs/run-observer.ts";
import { inWords } from "#schedule/duration.ts";
import { attempt } from "./attempt.ts";
import type { Backfills } from "./backfills.ts";
import { performBatch } from "./batch.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { Heartbeat, type HeldRun } from "./heartbeat.ts";
import { logOf } from "./run-log.ts";
import type { Settlement } from "./settlement.ts";
import { type Ending, returned } from "./transition.ts";

/** Runs of one batch that are performed side by side. */
const SIDE_BY_SIDE = 16;

/** Does the runs that this process has claimed, keeps their leases meanwhile, and settles them. */
export class Execution {
  readonly #deps: RunnerDependencies;
  readonly #settlement: Settlement;
  readonly #layer: LayerControls;
  readonly #backfills: Backfills;
  readonly #heartbeat: Heartbeat;
  readonly #active = new Set<Promise<unknown>>();
  #graceIsOver = false;

  constructor(
    deps: RunnerDependencies,
    { settlement, backfills, layer }: { settlement: Settlement; backfills: Backfills; layer: LayerControls },
  ) {
    this.#deps = deps;
    this.#settlement = settlement;
    this.#backfills = backfills;
    this.#layer = layer;
    this.#heartbeat = new Heartbeat(deps.beatDb ?? deps.db, {
      leaseMs: deps.leaseMs,
      everyMs: deps.heartbeatMs,
      log: deps.log,
      onProgress: deps.watch?.progressed,
    });
  }

  get activeRuns(): number {
    return this.#heartbeat.size;
  }

  /** @param runs of one job, claimed by this process. @returns them as they ended */
  async carryOut(job: Job, runs: readonly Run[]): Promise<Run[]> {
    const work = this.#carryOut(job, runs);
    this.#active.add(work);
    try {
      return await work;
    } finally {
      this.#active.delete(work);
    }
  }

  /** Waits for all that goes on; after `graceMs` each run gets its signal, and goes on elsewhere with no attempt lost. */
  async drain(graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#graceIsOver = true;
      for (const held of this.#heartbeat.runs()) interrupt(held);
    }, graceMs);
    // Again, for those whose claim was under way when it was asked to stop.
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
    clearTimeout(timer);
  }

  async #carryOut(job: Job, runs: readonly Run[]): Promise<Run[]> {
    const needs = needsOf(job);
    const holds = runs.map((run) => ({ run, held: this.#hold(run, needs) }));
    for (const { held } of holds) this.#heartbeat.watch(held);
    if (this.#graceIsOver) for (const { held } of holds) interrupt(held);
    this.#settlement.reportStart(job.id, runs);
    try {
      const endings = await this.#perform(job, holds);
      const [finished, ended] = [holds.filter(({ held }) => held.settled), holds.filter(({ held }) => !held.settled)];
      const endedRuns = ended.map(({ run, held }) => ({ run, ending: endings.get(run.id)!, progress: held.progress }));
      const settled = [
        ...(endedRuns.length ? await this.#settlement.settle(job, this.#deps.holder, endedRuns) : []),
        ...(await this.#settlement.announce({
          runs: finished.flatMap(({ held }) => held.settled!.runs),
          roused: finished.flatMap(({ held }) => held.settled!.roused),
        })),
      ];
      await this.#backfills.goOn(job, settled);
      if (settled.length === runs.length) return settled;
      return await Promise.all(runs.map((run) => this.#asItIs(run, settled)));
    } finally {
      for (const { held } of holds) this.#heartbeat.forget(held);
    }
  }

  async #perform(job: Job, holds: readonly { run: Run; held: HeldRun }[]): Promise<Map<string, Ending>> {
    const { db, settings, clock } = this.#deps;
    if (job.work.kind === "batch") {
      const signal = AbortSignal.any(holds.map(({ held }) => held.abort.signal));
      const timer = setTimeout(() => {
        const reason = new RunTimeout(`took longer than the ${inWords(job.timeoutMs)} that ${job.id} allows`);
        for (const { held } of holds) held.abort.abort(reason);
      }, job.timeoutMs);
      const log = this.#deps.log.with({ job: job.id });
      const batch = job as Job & { work: BatchWork<never> };
      return performBatch(batch, holds, { db, settings, clock, log, signal, publish: this.#publish }).finally(() => {
        clearTimeout(timer);
      });
    }
    const endings = new Map<string, Ending>();
    const waiting = [...holds];
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { run, held } = next;
        const settleIn = (tx: Tx, result: RunResult) =>
          this.#settlement.settleIn(tx, job, this.#deps.holder, [
            { run, ending: returned(result, held.failures?.facts()), progress: held.progress },
          ]);
        const log = logOf(this.#deps.log, run);
        const tools = { db, settings, clock, layer: this.#layer, log, held, publish: this.#publish, settleIn };
        endings.set(run.id, await attempt(job, run, tools));
      }
    };
    await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, holds.length) }, worker));
    return endings;
  }

  /** What became of a run that this process had, when it was taken away meanwhile. */
  async #asItIs(run: Run, settled: readonly Run[]): Promise<Run> {
    const own = settled.find(({ id }) => id === run.id);
    if (own) return own;
    logOf(this.#deps.log, run).warn("Finish refused: the run was taken away meanwhile; nothing of it was written");
    return (await findRun(this.#deps.db, run.id)) ?? run;
  }

  readonly #publish: Watch["publish"] = (tx, events) => this.#deps.watch?.publish(tx, events);

  #hold({ id, jobId, family, attempt: number }: Run, needs: readonly string[]): HeldRun {
    const { holder } = this.#deps;
    return {
      id,
      jobId,
      family,
      attempt: number,
      holder,
      progress: null,
      needs,
      abort: new AbortController(),
    };
  }
}

function interrupt({ abort }: HeldRun): void {
  abort.abort(new Interrupted("this process is stopping"));
}
