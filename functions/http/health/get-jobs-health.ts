import { z } from "zod";
import { ping } from "#data/client.ts";
import { slotLedgers } from "#data/platform/job-schedules.ts";
import { consecutiveFailures, lastRuns, openRuns, refusals } from "#data/platform/job-stats.ts";
import type { App } from "#http/app-services.ts";
import { Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { asError } from "#jobs/error-class.ts";
import { gateStateOf, partialRefusals, refusalOf } from "#jobs/gates.ts";
import { gatedOf } from "#jobs/job.ts";
import type { BrokerState } from "#messaging/broker-probe.ts";
import { withHeldPoints } from "#operations/freshness.ts";
import { lateByMs } from "#operations/lateness.ts";
import { providerHealth } from "#operations/provider-health.ts";
import { accountableRange, unaccountedCount } from "#operations/unaccounted-slots.ts";
import { clockFault, type ClockState } from "#runner/clock-guard.ts";
import { type UndeliveredQueue, undeliveredText } from "#runner/delivery-watch.ts";
import { judgeDataSets, type JudgedSet, lateElements } from "../../data-sets.ts";
import { instant } from "../admin/field-schemas.ts";
import { runState } from "../admin/run-view.ts";
import { undeliveredQueues } from "./undelivered-queues.ts";
import { HEALTH_LIMIT_MS, withinLimit } from "./within-limit.ts";

/** Elements that are named for each data set. */
const MOST_LATE = 10;

/**
 * For people and monitors. It names jobs and their failures, so it needs a viewer, unlike `api/health/live` and
 * `ready`, which load balancers call. 503 means that no job can run; a failing job changes the body only.
 */
export const getJobsHealth = defineRoute({
  method: "GET",
  path: "api/jobs/health",
  access: "viewer",
  summary: "Whether jobs can run (database, broker); per job its last run, failures in a row and lateness; late data",
  response: z.object({
    healthy: z.literal(true),
    database: z.literal("connected"),
    broker: z.object({
      state: z
        .enum(["connected", "in-process"])
        .describe(
          "in-process: no broker is configured; each process keeps its waiting runs. A broker that is unreachable or not-delivering is in the answer 503",
        ),
    }),
    clock: z
      .object({
        state: z.enum(["right", "unknown"]).describe("unknown: no timer of this process has fired yet"),
        aheadMs: z.number().nullable().describe("Of the process's time of day before the database's clock"),
      })
      .describe("With a wrong clock the answer is 503: the timers of this process start no slots"),
    eventLoop: z
      .object({
        limitMs: z.number(),
        blocks: z.int().describe("Turns that took longer than the limit"),
        longestMs: z.number(),
      })
      .nullable()
      .describe("Of this process since its start; null where EVENT_LOOP_LIMIT is 0"),
    jobs: z.array(
      z.object({
        id: z.string(),
        family: z.string(),
        lastRun: z
          .object({ id: z.uuid(), state: runState, startedAt: instant.nullable(), finishedAt: instant.nullable() })
          .nullable(),
        consecutiveFailures: z.int(),
        unaccounted: z
          .int()
          .describe(
            "Slots that the schedule demands and the ledger lacks: of the last day, or since the last one that it has",
          ),
        slotInFuture: instant.nullable().describe("A recorded slot that has not come yet: a process had a wrong clock"),
        lateByMs: z.number().describe("0: it is on time. A run that waits for a pause or a switch is not late"),
      }),
    ),
    lateData: z
      .array(
        z.object({
          dataSet: z.string(),
          late: z.int().describe("How many of its elements are late"),
          elements: z.array(z.string()).describe(`The first ${MOST_LATE} of them, the longest late first`),
        }),
      )
      .nullable()
      .describe("Data sets with late elements, more at api/admin/freshness; null: not known in time"),
    heldData: z
      .array(
        z.object({
          dataSet: z.string(),
          held: z.int().describe("How many points are held back as implausible"),
          oldest: z.iso.date().describe("The oldest of their days"),
          elements: z.array(z.string()).describe(`The first ${MOST_LATE} of their elements, the oldest first`),
        }),
      )
      .nullable()
      .describe("Data sets with held points, more at api/v1/suspect-points; null: not known in time"),
    providers: z
      .array(
        z.object({
          provider: z.string(),
          state: z.enum(["closed", "open", "half_open"]),
          trouble: z.string(),
          waitingRuns: z.int(),
        }),
      )
      .nullable()
      .describe("Providers with troubles, more at api/admin/providers; null: not known in time"),
  }),
  async handle({ app }) {
    const [jobs, data, asked, undelivered, providers] = await Promise.all([
      jobsOrNull(app),
      dataSetsOrNull(app),
      brokerState(app),
      undeliveredQueues(app),
      providersOrNull(app),
    ]);
    const broker = stateOf(asked, undelivered, app.clock.now());
    const { refusedTicks, ...clock } = clockState(app);
    const eventLoop = app.eventLoop?.state ?? null;
    if (jobs && clock.state === "wrong") {
      throw new Problem(
        503,
        "unhealthy",
        `${clockFault(clock.aheadMs!)}: its timers start no slots until it is right`,
        {
          extra: { healthy: false, database: "connected", broker, clock: { ...clock, refusedTicks } },
          headers: { "retry-after": "60" },
        },
      );
    }
    if (jobs === null || broker.state === "unreachable") {
      const database = jobs ? "connected" : "unreachable";
      const unreachable = [jobs ? [] : "the database", broker.state === "unreachable" ? "the broker" : []];
      throw new Problem(503, "unhealthy", `${unreachable.flat().join(" and ")} cannot be reached`, {
        extra: { healthy: false, database, broker },
        headers: { "retry-after": "5" },
      });
    }
    if (broker.state === "not-delivering") {
      throw new Problem(503, "unhealthy", broker.trouble, {
        extra: { healthy: false, database: "connected", broker },
        headers: { "retry-after": "60" },
      });
    }
    const [lateData, heldData] = [data && lateDataOf(data), data && heldDataOf(data)];
    return {
      json: { healthy: true, database: "connected", broker, clock, eventLoop, jobs, lateData, heldData, providers },
    };
  },
});

/** A simulated clock is right. */
function clockState({ clockGuard }: App): ClockState {
  return clockGuard?.state ?? { state: "right", aheadMs: 0, refusedTicks: 0 };
}

/** Null while the database does not answer. */
async function jobsOrNull(app: App): Promise<Record<string, unknown>[] | null> {
  try {
    return await withinLimit(ping(app.db).then(() => jobsHealth(app)));
  } catch (error) {
    // An outage is in the log already, with its cause and a count.
    if (!app.reach.unreachableSince)
      app.log.error("Unhealthy: the database does not answer", { error: asError(error) });
    return null;
  }
}

/** Null when the ages are not known in time: that keeps no job from running. */
async function dataSetsOrNull(app: App): Promise<readonly JudgedSet[] | null> {
  try {
    return await withinLimit(judgeDataSets(app.db, app.clock.now()));
  } catch {
    return null;
  }
}

/** Null when it is not known in time: that keeps no job from running. */
async function providersOrNull(app: App) {
  try {
    const all = await withinLimit(providerHealth(app));
    return all.flatMap(({ provider, state, trouble, waitingRuns }) =>
      trouble === null ? [] : [{ provider, state, trouble, waitingRuns }],
    );
  } catch {
    return null;
  }
}

async function brokerState(app: App): Promise<BrokerState> {
  try {
    return await withinLimit(app.broker());
  } catch {
    return { state: "unreachable", trouble: `no answer within ${HEALTH_LIMIT_MS / 1_000} s` };
  }
}

function stateOf(
  asked: BrokerState,
  [undelivered]: readonly UndeliveredQueue[],
  now: Date,
): BrokerState | { readonly state: "not-delivering"; readonly trouble: string } {
  if (asked.state !== "connected" || !undelivered) return asked;
  return { state: "not-delivering", trouble: undeliveredText(undelivered, now) };
}

function lateDataOf(judged: readonly JudgedSet[]): Record<string, unknown>[] {
  return judged.flatMap(({ set, freshness }) => {
    const late = lateElements(freshness);
    const elements = late.slice(0, MOST_LATE).map(({ id }) => id);
    return late.length ? [{ dataSet: set.id, late: late.length, elements }] : [];
  });
}

function heldDataOf(judged: readonly JudgedSet[]): Record<string, unknown>[] {
  return judged.flatMap(({ set, freshness }) => {
    const elements = withHeldPoints(freshness);
    const [first] = elements;
    if (!first) return [];
    const held = elements.reduce((sum, { held: { count } }) => sum + count, 0);
    const named = elements.slice(0, MOST_LATE).map(({ id }) => id);
    return [{ dataSet: set.id, held, oldest: first.held.oldest, elements: named }];
  });
}

async function jobsHealth(app: App): Promise<Record<string, unknown>[]> {
  const now = app.clock.now();
  const jobs = await app.jobs.all();
  const ids = jobs.map(({ id }) => id);
  const gates = gateStateOf(app.config);
  const closed = jobs.flatMap((job) => partialRefusals(job.gates, gates)).map(({ refusal }) => refusal.code);
  const [last, open, failures, slots, refused] = await Promise.all([
    lastRuns(app.db, ids),
    openRuns(app.db, now, closed),
    consecutiveFailures(app.db, ids),
    slotLedgers(app.db, ids, { ...accountableRange(now), now }),
    refusals(app.db, jobs.map(gatedOf), now),
  ]);
  return jobs.map((job) => {
    const known = slots.get(job.id);
    const overrides = app.config.jobs.get(job.id);
    const isEnabled = overrides?.enabled ?? job.enabledByDefault;
    const isGated = !isEnabled || refused.has(job.id) || refusalOf(job.gates, gates) !== null;
    const schedule = effectiveSchedule(job, overrides);
    const oldestDueAt = open.get(job.id)?.oldestDueAt ?? null;
    const { id, state, startedAt, finishedAt } = last.get(job.id) ?? {};
    return {
      id: job.id,
      family: job.family.id,
      lastRun: id === undefined ? null : { id, state, startedAt, finishedAt },
      consecutiveFailures: failures.get(job.id) ?? 0,
      unaccounted: unaccountedCount(schedule, known, now),
      slotInFuture: known?.future?.toISOString() ?? null,
      lateByMs: lateByMs({ schedule, accountedUntil: known?.until ?? null, oldestDueAt, isGated, now }),
    };
  });
}
