import { z } from "zod";
import { countRunsByTime } from "#data/platform/run-time-buckets.ts";
import { defineRoute } from "#http/route.ts";
import { axisOf, seriesBy, type WindowName, WINDOWS } from "#operations/run-series.ts";
import { instant } from "./field-schemas.ts";

const windows = Object.keys(WINDOWS) as [WindowName, ...WindowName[]];

const counts = z.array(z.int()).describe("One number per point");
const series = z.object({
  runs: counts,
  succeeded: counts,
  dead: counts,
  skipped: counts,
  cancelled: counts,
  itemFailures: counts,
});

export const getStats = defineRoute({
  method: "GET",
  path: "api/admin/stats",
  access: "viewer",
  summary: "Outcomes of runs over time, by job and by family; a run counts at the time it was queued",
  query: z.strictObject({ window: z.enum(windows).default("24h") }),
  response: z.object({
    window: z.enum(windows),
    from: instant.describe("Start of the first point"),
    bucketMs: z.int().describe("Length of one point"),
    count: z.int(),
    jobs: z.record(z.string(), series),
    families: z.record(z.string(), series),
    p95Ms: z.record(z.string(), z.array(z.number().nullable())).describe("By job"),
  }),
  async handle({ app, query: { window } }) {
    const axis = axisOf(window, app.clock.now());
    const [rows, jobs] = await Promise.all([countRunsByTime(app.db, axis), app.jobs.all()]);
    const { count } = axis;
    const slowest = new Map(jobs.map(({ id }) => [id, Array<number | null>(count).fill(null)]));
    for (const { jobId, bucket, p95Ms } of rows) slowest.get(jobId)?.splice(bucket, 1, p95Ms);
    return {
      json: {
        window,
        from: axis.from,
        bucketMs: axis.bucketMs,
        count,
        jobs: seriesBy(rows, { count, names: jobs.map(({ id }) => id), nameOf: ({ jobId }) => jobId }),
        families: seriesBy(rows, { count, names: jobs.map(({ family }) => family.id), nameOf: ({ family }) => family }),
        p95Ms: Object.fromEntries(slowest),
      },
    };
  },
});
