import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { isScheduled, type Job } from "#jobs/job.ts";
import type { ClockChange } from "#schedule/clock-changes.ts";
import { countOccurrences, type Schedule } from "#schedule/index.ts";
import { readConfig } from "#settings/config.ts";
import type { Environment } from "#settings/environment.ts";
import { simulate } from "./simulation.ts";
import { canRunSimulated, startSimulationEnvironment } from "./simulation-environment.ts";
import { planSimulation, type SimulationPart, type Span } from "./simulation-plan.ts";
import { countSlots, type SlotCounts, sumSlotCounts } from "./slot-counts.ts";
import { slotRowsOf } from "./slot-rows.ts";
import type { TemporaryDatabases } from "./temporary-databases.ts";

export interface TimeMachineOptions {
  readonly jobs: readonly Job[];
  readonly span: Span;
  readonly databases: TemporaryDatabases;
  /** Settings of the jobs, such as `SYNC_FX_LATEST_SCHEDULE`. */
  readonly env?: Environment;
  readonly outages?: readonly Span[];
  readonly processes?: number;
  /** Default: on for a job with at most 1,000 slots in the span. Always off for a job that would call real services. */
  readonly bodies?: "on" | "off" | undefined;
  /** Jobs with more slots are simulated in windows only. Default 10,000. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TimeMachineProgress) => void;
}

export interface TimeMachineProgress {
  readonly now: Date;
  /** The share of all slots that is done, from 0 to 1. */
  readonly share: () => number;
}

/** The result of a simulation. */
export interface TimeMachineResult {
  readonly span: Span;
  readonly outages: readonly Span[];
  readonly processes: number;
  readonly jobs: readonly JobResult[];
  readonly parts: readonly SimulationPart[];
  readonly clockChanges: readonly ClockChange[];
  /** How often timers fired, in all processes. */
  readonly firings: number;
}

export interface JobResult extends SlotCounts {
  readonly jobId: string;
  readonly schedule: Schedule;
  readonly body: "real" | "empty";
  /** Slots in the whole span; more than `calledFor` when only windows were simulated. */
  readonly slotsInSpan: number;
  readonly isSampled: boolean;
  readonly firstError: string | null;
}

const MANY_SLOTS = 1_000;

/** Simulates jobs over a span, part by part, each part on a fresh database, and adds up the outcomes of their slots. */
export async function runTimeMachine(options: TimeMachineOptions): Promise<TimeMachineResult> {
  const { span, databases, outages = [], processes = 1, bodies, limit = 10_000, signal, onProgress } = options;
  const scheduled = options.jobs.filter(isScheduled);
  const planned = schedulesOf(scheduled, options.env ?? {});
  const plan = planSimulation(planned, span, { outages, limit });
  const real = new Set(
    scheduled
      .filter((job) => canRunSimulated(job) && (bodies ? bodies === "on" : (plan.slots.get(job.id) ?? 0) <= MANY_SLOTS))
      .map(({ id }) => id),
  );
  const asOf = { now: () => span.from };
  const environment = await startSimulationEnvironment(() => asOf.now());
  try {
    const results: PartResult[] = [];
    const slotsIn = ({ from, to, jobs }: SimulationPart) =>
      planned.reduce(
        (sum, { id, schedule }) => sum + (jobs.includes(id) ? countOccurrences(schedule, from, to) : 0),
        0,
      );
    const all = plan.parts.reduce((sum, part) => sum + slotsIn(part), 0);
    let finished = 0;
    for (const part of plan.parts) {
      const database = await databases.create();
      const { firings } = await simulate({
        url: database.url,
        span: part,
        processes,
        env: { ...options.env, ...environment.settings },
        jobs: scheduled
          .filter(({ id }) => part.jobs.includes(id))
          .map((job) => (real.has(job.id) ? job : withoutWork(job))),
        outages: outages.filter(({ from, to }) => from > part.from && to <= part.to),
        ...(signal && { signal }),
        onClock: (clock) => (asOf.now = () => clock.now()),
        onProgress: (now) => onProgress?.({ now, share: () => (finished + slotsIn({ ...part, to: now })) / all }),
      });
      const ledger = new Map<string, Awaited<ReturnType<typeof slotRowsOf>>>();
      for (const id of part.jobs) ledger.set(id, await slotRowsOf(database.url, id));
      await database.drop();
      results.push({ part, firings, ledger });
      finished += slotsIn(part);
    }
    return {
      span,
      outages,
      processes,
      parts: plan.parts,
      clockChanges: plan.clockChanges,
      firings: results.reduce((sum, { firings }) => sum + firings, 0),
      jobs: planned.map(({ id, schedule }) => ({
        jobId: id,
        schedule,
        body: real.has(id) ? ("real" as const) : ("empty" as const),
        slotsInSpan: plan.slots.get(id) ?? 0,
        isSampled: plan.sampled.has(id),
        ...countsOf(id, schedule, results),
      })),
    };
  } finally {
    await environment.close();
  }
}

interface PartResult {
  readonly part: SimulationPart;
  readonly firings: number;
  readonly ledger: ReadonlyMap<string, Awaited<ReturnType<typeof slotRowsOf>>>;
}

function countsOf(id: string, schedule: Schedule, results: readonly PartResult[]) {
  const own = results.flatMap(({ part, ledger }) => {
    const found = ledger.get(id);
    return found ? [{ ...found, part }] : [];
  });
  return {
    ...sumSlotCounts(own.map(({ part, rows }) => countSlots(schedule, part, rows))),
    firstError: own.find(({ firstError }) => firstError)?.firstError ?? null,
  };
}

function schedulesOf(jobs: readonly Job[], env: Environment): { id: string; schedule: Schedule }[] {
  const config = readConfig({ ...env, DATABASE_URL: "postgres://127.0.0.1/none" }, jobs);
  return jobs.flatMap((job) => {
    const schedule = effectiveSchedule(job, config.jobs.get(job.id));
    return schedule ? [{ id: job.id, schedule }] : [];
  });
}

/** The job without its work: slots, gates and ledger stay real. */
function withoutWork(job: Job): Job {
  return { ...job, work: { kind: "run", run: async () => ({}) } };
}
