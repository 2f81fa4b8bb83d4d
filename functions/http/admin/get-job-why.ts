import { z } from "zod";
import type { App } from "../../../shared/app.ts";
import { jobSettingNames } from "../../../shared/config.ts";
import { listEffects } from "../../../shared/data/platform/effects.ts";
import { gateRefusal } from "../../../shared/data/platform/gates.ts";
import { lastEndedRunOf, openRunsOf } from "../../../shared/data/platform/job-state.ts";
import { listPauses } from "../../../shared/data/platform/pauses.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { gatedOf, type Job } from "../../../shared/jobs/define-job.ts";
import { refusalOf } from "../../../shared/jobs/gates.ts";
import { scheduleInForce } from "../../../shared/jobs/schedule-in-force.ts";
import { describeSchedule, nextOccurrence } from "../../../shared/jobs/schedule/index.ts";
import { whyNotRunning, type JobFacts } from "../../../shared/jobs/why-not-running.ts";
import { ownQueue, SHARED_QUEUE } from "../../../shared/messaging/queue-names.ts";
import { redact } from "../../../shared/telemetry/redaction.ts";
import { findJob } from "./find-job.ts";

export const getJobWhy = defineRoute({
  method: "GET",
  path: "api/admin/jobs/{id}/why",
  access: "viewer",
  summary: "Why a job is not running at this moment, in sentences; what explains it most comes first",
  params: z.object({ id: z.string() }),
  answer: z.object({
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
  const scopes = [`job:${job.id}`, ...(job.essential ? [] : ["all", `family:${job.family.id}`])];
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
