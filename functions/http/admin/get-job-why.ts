import { z } from "zod";
import type { App } from "#app";
import { listEffects } from "#data/platform/effects.ts";
import { gateRefusal } from "#data/platform/gate-refusals.ts";
import { lastEndedRunOf, openRunsOf } from "#data/platform/job-state.ts";
import { listPauses } from "#data/platform/pauses.ts";
import { defineRoute } from "#http/route.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import { scheduleInForce } from "#jobs/effective-schedule.ts";
import { refusalOf } from "#jobs/gates.ts";
import { ownQueue, SHARED_QUEUE } from "#messaging/queue-names.ts";
import { type JobFacts, whyNotRunning } from "#operations/why-not-running.ts";
import { redact } from "#redaction/redact.ts";
import { describeSchedule, nextOccurrence } from "#schedule/index.ts";
import { jobSettingNames } from "#settings/job-settings.ts";
import { findJob } from "./find-job.ts";

export const getJobWhy = defineRoute({
  method: "GET",
  path: "api/admin/jobs/{id}/why",
  access: "viewer",
  summary: "Why a job is not running at this moment, in sentences; what explains it most comes first",
  params: z.object({ id: z.string() }),
  response: z.object({
    id: z.string(),
    verdict: z
      .enum(["running", "blocked", "overdue", "waiting", "idle"])
      .describe("blocked: it cannot start; overdue: it should have; waiting: its time will come; idle: nobody asked"),
    sentences: z.array(z.object({ code: z.string(), text: z.string() })).describe("What explains it most comes first"),
  }),
  async handle({ app, params }) {
    const job = await findJob(app, params.id);
    return { json: redact({ id: job.id, ...whyNotRunning(await factsOf(app, job)) }) };
  },
});

/** More open runs than these change no sentence but the number of those behind. */
const MOST_RUNS = 200;
const MOST_PARKED = 10;

async function factsOf(app: App, job: Job): Promise<JobFacts> {
  const now = app.clock.now();
  const gated = gatedOf(job);
  const [open, last, parked, pauses, ofDatabase, broker] = await Promise.all([
    openRunsOf(app.db, job.id, MOST_RUNS),
    lastEndedRunOf(app.db, job.id),
    listEffects(app.db, { state: "parked", jobId: job.id, limit: MOST_PARKED }),
    listPauses(app.db, now),
    gateRefusal(app.db, gated, now),
    app.broker(),
  ]);
  const overrides = app.config.jobs.get(job.id);
  const schedule = scheduleInForce(job, overrides);
  const ofSettings = refusalOf(job.gates, { internetAllowed: app.config.ALLOW_INTERNET_SYNC });
  // The layer's own upkeep goes on while all others are paused.
  const scopes = [`job:${job.id}`, ...(job.upkeep ? [] : ["all", `family:${job.family.id}`])];
  return {
    now,
    enabled: overrides?.enabled ?? job.enabledByDefault,
    enabledSetting: jobSettingNames(job.id).enabled,
    refusals: [ofSettings, ofDatabase].filter((refusal) => refusal !== null),
    pauses: pauses.filter(({ scope }) => scopes.includes(scope)),
    schedule: schedule && { inWords: describeSchedule(schedule), next: nextOccurrence(schedule, now) },
    running: open.filter(({ state }) => state === "running"),
    waiting: open.filter(({ state }) => state !== "running"),
    last: last ?? null,
    parked,
    carrier: {
      name:
        broker.state === "in-process"
          ? "the process itself"
          : `the Service Bus queue ${job.queue ? ownQueue(job.id) : SHARED_QUEUE}`,
      trouble: broker.state === "unreachable" ? broker.trouble : null,
    },
  };
}
