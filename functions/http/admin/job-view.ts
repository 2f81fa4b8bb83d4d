import { z } from "zod";
import { allRefusals } from "#data/platform/gate-refusals.ts";
import { slotLedgers } from "#data/platform/job-schedules.ts";
import { lastRuns, openRuns, statsSince } from "#data/platform/job-stats.ts";
import type { App } from "#http/app-services.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { gateStateOf, refusalOf } from "#jobs/gates.ts";
import { gatedOf, isScheduled, type Job } from "#jobs/job.ts";
import { accountableRange, unaccountedCount } from "#operations/unaccounted-slots.ts";
import { redact } from "#redaction/redact.ts";
import { daysBefore } from "#schedule/duration.ts";
import { describeSchedule, upcoming } from "#schedule/index.ts";
import { instant } from "./field-schemas.ts";
import { runState, trigger } from "./run-view.ts";

/** Why a job may not run now. */
export const refusal = z.object({ code: z.string(), reason: z.string() });

export const jobSchema = z.object({
  id: z.string(),
  family: z.string(),
  summary: z.string(),
  enabled: z.boolean(),
  paused: z.boolean(),
  blocked: refusal.nullable().describe("The first closed gate, if any"),
  refusals: z.array(refusal).describe("Every closed gate, those of settings first: a switch and a pause are both here"),
  schedule: z
    .object({ expression: z.string().describe("NCRONTAB, six fields"), timeZone: z.string(), inWords: z.string() })
    .nullable()
    .describe("The schedule in force"),
  next: z.array(instant).describe("The next three slots"),
  scheduled: z.boolean().describe("Whether its file has a schedule"),
  lastRun: z
    .object({
      id: z.uuid(),
      state: runState,
      trigger,
      attempt: z.int(),
      startedAt: instant.nullable(),
      finishedAt: instant.nullable(),
      durationMs: z.int().nullable(),
      itemFailureCount: z.int(),
    })
    .nullable()
    .describe("The newest run that was not skipped"),
  last24h: z.object({
    succeeded: z.int(),
    dead: z.int(),
    skipped: z.int(),
    p50Ms: z.number().nullable(),
    p95Ms: z.number().nullable(),
    successRate: z.number().min(0).max(1).nullable(),
  }),
  queueDepth: z.int(),
  running: z.int(),
  unaccounted: z
    .int()
    .describe(
      "Slots that the schedule demands and the ledger lacks: of the last day, or since the last one that it has",
    ),
  deadCount: z.int().describe("Dead runs without a replay"),
});

/** Jobs as lists show them, with five statements for any number of jobs. */
export async function jobViews(app: App, jobs: readonly Job[]): Promise<Record<string, unknown>[]> {
  const now = app.clock.now();
  const ids = jobs.map(({ id }) => id);
  const gated = jobs.map(gatedOf);
  const [last, figures, open, refused, slots] = await Promise.all([
    lastRuns(app.db, ids),
    statsSince(app.db, daysBefore(now, 1)),
    openRuns(app.db, now),
    allRefusals(app.db, gated, now),
    slotLedgers(app.db, ids, { ...accountableRange(now), now }),
  ]);
  return jobs.map((job) => {
    const overrides = app.config.jobs.get(job.id);
    const schedule = effectiveSchedule(job, overrides);
    const { succeeded = 0, dead = 0, skipped = 0, p50Ms = null, p95Ms = null } = figures.get(job.id) ?? {};
    const bySettings = refusalOf(job.gates, gateStateOf(app.config));
    const refusals = [...(bySettings ? [bySettings] : []), ...(refused.get(job.id) ?? [])];
    return {
      id: job.id,
      family: job.family.id,
      summary: job.summary,
      enabled: overrides?.enabled ?? job.enabledByDefault,
      paused: refusals.some(({ code }) => code === "paused"),
      blocked: redact(refusals[0] ?? null),
      refusals: redact(refusals),
      schedule: schedule && {
        expression: schedule.expression,
        timeZone: schedule.zone,
        inWords: describeSchedule(schedule),
      },
      next: schedule ? upcoming(schedule, now, 3).map((at) => at.toISOString()) : [],
      scheduled: isScheduled(job),
      lastRun: last.get(job.id) ?? null,
      last24h: {
        succeeded,
        dead,
        skipped,
        p50Ms,
        p95Ms,
        successRate: succeeded + dead > 0 ? succeeded / (succeeded + dead) : null,
      },
      queueDepth: open.get(job.id)?.waiting ?? 0,
      running: open.get(job.id)?.running ?? 0,
      unaccounted: unaccountedCount(schedule, slots.get(job.id), now),
      deadCount: open.get(job.id)?.dead ?? 0,
    };
  });
}
