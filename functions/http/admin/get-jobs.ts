import { lastRunPerJob } from "../../../shared/data/platform/job-runs.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { isScheduled } from "../../../shared/jobs/define-job.ts";
import { describeSchedule, nextOccurrence, type Schedule } from "../../../shared/jobs/schedule/index.ts";
import { scheduleInForce } from "../../../shared/jobs/schedule-in-force.ts";

export const getJobs = defineRoute({
  method: "GET",
  path: "api/admin/jobs",
  access: "key",
  summary: "Every job: schedule, next occurrences, last run",
  async handle({ app }) {
    const all = await app.jobs.all();
    const last = await lastRunPerJob(app.db, app.jobs.ids);
    const jobs = all.map((job) => {
      const schedule = scheduleInForce(job, app.config.jobs.get(job.id));
      const run = last.get(job.id);
      return {
        id: job.id,
        family: job.family.id,
        summary: job.summary,
        enabled: app.config.jobs.get(job.id)?.enabled ?? true,
        schedule: schedule && {
          expression: schedule.expression,
          timeZone: schedule.zone,
          inWords: describeSchedule(schedule),
        },
        next: schedule ? upcoming(schedule, app.clock.now(), 3).map((at) => at.toISOString()) : [],
        scheduled: isScheduled(job),
        lastRun: run
          ? {
              id: run.id,
              state: run.state,
              startedAt: run.startedAt,
              finishedAt: run.finishedAt,
              durationMs: run.durationMs,
            }
          : null,
      };
    });
    return { json: { jobs } };
  },
});

function upcoming(schedule: Schedule, after: Date, count: number): Date[] {
  const next = count > 0 ? nextOccurrence(schedule, after) : null;
  return next ? [next, ...upcoming(schedule, next, count - 1)] : [];
}
