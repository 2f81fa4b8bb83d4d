import { isScheduled, type Job } from "#jobs/define-job.ts";
import { scheduleInForce } from "#jobs/effective-schedule.ts";
import type { ClockChange } from "#schedule/clock-changes.ts";
import { countOccurrences, type Schedule } from "#schedule/index.ts";
import type { Environment } from "#settings/environment.ts";
import { readConfig } from "#settings/config.ts";
import { type Account, accountFor, together } from "./slot-counts.ts";
import { type Part, planSimulation, type Span } from "./simulation-plan.ts";
import { simulate } from "./simulation.ts";
import { slotRowsOf } from "./slot-rows.ts";
import { hasSurroundings, startSurroundings } from "./simulation-environment.ts";
import type { ThrowAwayDatabases } from "./temporary-databases.ts";

export interface TravelOptions {
  readonly jobs: readonly Job[];
  readonly span: Span;
  readonly databases: ThrowAwayDatabases;
  /** Settings of the jobs, such as `SYNC_FX_LATEST_SCHEDULE`. */
  readonly env?: Environment;
  readonly outages?: readonly Span[];
  readonly processes?: number;
  /** Default: on for a job with at most 1,000 slots in the span. Off whatever is said for one that would reach the real world. */
  readonly bodies?: "on" | "off" | undefined;
  /** Jobs with more slots are simulated in windows only. Default 10,000. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TravelProgress) => void;
}

export interface TravelProgress {
  readonly now: Date;
  /** Of 1: the part of all slots that is over. */
  readonly share: () => number;
}

/** The slot ledger of a span of time. */
export interface Journey {
  readonly span: Span;
  readonly outages: readonly Span[];
  readonly processes: number;
  readonly jobs: readonly JobJourney[];
  readonly parts: readonly Part[];
  readonly clockChanges: readonly ClockChange[];
  /** How often a timer went off, in all processes. */
  readonly firings: number;
}

export interface JobJourney extends Account {
  readonly jobId: string;
  readonly schedule: Schedule;
  readonly body: "real" | "empty";
  /** In the whole span; more than `calledFor` when only windows were simulated. */
  readonly slotsInSpan: number;
  readonly isSampled: boolean;
  readonly firstError: string | null;
}

const MANY_SLOTS = 1_000;

/** Takes jobs through a span of time, part by part, each part on a fresh database, and adds up what became of their slots. */
export async function travel(options: TravelOptions): Promise<Journey> {
  const { span, databases, outages = [], processes = 1, bodies, limit = 10_000, signal, onProgress } = options;
  const scheduled = options.jobs.filter(isScheduled);
  const planned = schedulesOf(scheduled, options.env ?? {});
  const plan = planSimulation(planned, span, { outages, limit });
  const real = new Set(
    scheduled
      .filter((job) => hasSurroundings(job) && (bodies ? bodies === "on" : (plan.slots.get(job.id) ?? 0) <= MANY_SLOTS))
      .map(({ id }) => id),
  );
  const asOf = { now: () => span.from };
  const surroundings = await startSurroundings(() => asOf.now());
  try {
    const results: PartResult[] = [];
    const slotsIn = ({ from, to, jobs }: Part) =>
      planned.reduce(
        (sum, { id, schedule }) => sum + (jobs.includes(id) ? countOccurrences(schedule, from, to) : 0),
        0,
      );
    const all = plan.parts.reduce((sum, part) => sum + slotsIn(part), 0);
    let passed = 0;
    for (const part of plan.parts) {
      const database = await databases.create();
      const { firings } = await simulate({
        url: database.url,
        span: part,
        processes,
        env: { ...options.env, ...surroundings.settings },
        jobs: scheduled
          .filter(({ id }) => part.jobs.includes(id))
          .map((job) => (real.has(job.id) ? job : emptied(job))),
        outages: outages.filter(({ from, to }) => from > part.from && to <= part.to),
        ...(signal && { signal }),
        onClock: (clock) => (asOf.now = () => clock.now()),
        onProgress: (now) => onProgress?.({ now, share: () => (passed + slotsIn({ ...part, to: now })) / all }),
      });
      const ledger = new Map<string, Awaited<ReturnType<typeof slotRowsOf>>>();
      for (const id of part.jobs) ledger.set(id, await slotRowsOf(database.url, id));
      await database.drop();
      results.push({ part, firings, ledger });
      passed += slotsIn(part);
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
        ...accountOf(id, schedule, results),
      })),
    };
  } finally {
    await surroundings.close();
  }
}

interface PartResult {
  readonly part: Part;
  readonly firings: number;
  readonly ledger: ReadonlyMap<string, Awaited<ReturnType<typeof slotRowsOf>>>;
}

function accountOf(id: string, schedule: Schedule, results: readonly PartResult[]) {
  const own = results.flatMap(({ part, ledger }) => {
    const found = ledger.get(id);
    return found ? [{ ...found, part }] : [];
  });
  return {
    ...together(own.map(({ part, rows }) => accountFor(schedule, part, rows))),
    firstError: own.find(({ firstError }) => firstError)?.firstError ?? null,
  };
}

function schedulesOf(jobs: readonly Job[], env: Environment): { id: string; schedule: Schedule }[] {
  const config = readConfig(
    { ...env, DATABASE_URL: "postgres://127.0.0.1/none" },
    jobs,
  );
  return jobs.flatMap((job) => {
    const schedule = scheduleInForce(job, config.jobs.get(job.id));
    return schedule ? [{ id: job.id, schedule }] : [];
  });
}

/** The job with nothing to do: its slots, its gates and its ledger are what they are. */
function emptied(job: Job): Job {
  return { ...job, work: { kind: "run", run: async () => ({}) } };
}
