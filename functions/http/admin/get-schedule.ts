import { z } from "zod";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { describeSchedule } from "#schedule/index.ts";
import { timetable } from "#schedule/timetable.ts";
import { checkZoneName } from "#schedule/zone-name.ts";
import { instant } from "./field-schemas.ts";

export const getSchedule = defineRoute({
  method: "GET",
  path: "api/admin/schedule",
  access: "viewer",
  summary:
    "The slots to come by local days, with clock changes and jobs that start together; dense schedules as counts",
  query: z.strictObject({
    days: z.coerce.number().int().min(1).max(366).default(7),
    zone: z.string().default("UTC"),
  }),
  response: z.object({
    from: instant,
    zone: z.string(),
    jobs: z.array(
      z.object({
        id: z.string(),
        family: z.string(),
        enabled: z.boolean(),
        expression: z.string(),
        timeZone: z.string(),
        inWords: z.string(),
        total: z.int(),
        slots: z
          .array(instant)
          .nullable()
          .describe("Null where there are too many to list: see the counts of the days"),
      }),
    ),
    days: z.array(
      z.object({
        date: z.iso.date(),
        startsAt: instant,
        counts: z.record(z.string(), z.int()).describe("Number of slots by job"),
        clockChanges: z.array(
          z.object({ zone: z.string(), at: instant, from: z.string().describe("The offset before"), to: z.string() }),
        ),
      }),
    ),
    collisions: z
      .array(z.object({ jobs: z.array(z.string()), times: z.int(), first: instant }))
      .describe("Jobs that start at the same instant, among those with listed slots"),
  }),
  async handle({ app, query: { days, zone } }) {
    const faults: string[] = [];
    checkZoneName(zone, (fault) => faults.push(fault));
    if (faults.length) throw badRequest(faults.map((reason) => ({ field: "zone", reason })));

    const from = app.clock.now();
    const scheduled = (await app.jobs.all()).flatMap((job) => {
      const overrides = app.config.jobs.get(job.id);
      const schedule = effectiveSchedule(job, overrides);
      return schedule
        ? [{ id: job.id, family: job.family.id, enabled: overrides?.enabled ?? job.enabledByDefault, schedule }]
        : [];
    });
    const table = timetable(scheduled, { from, days, zone });
    const jobs = table.jobs.map((slots, index) => {
      const { family, enabled, schedule } = scheduled[index]!;
      const { expression, zone: timeZone } = schedule;
      return { ...slots, family, enabled, expression, timeZone, inWords: describeSchedule(schedule) };
    });
    return { json: { from, zone, ...table, jobs } };
  },
});
