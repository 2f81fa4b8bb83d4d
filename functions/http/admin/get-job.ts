import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { needsOf } from "#jobs/job.ts";
import { ownQueue, SHARED_QUEUE } from "#messaging/queue-names.ts";
import { effectiveJobSettings } from "#operations/effective-job-settings.ts";
import { fields } from "./field-schemas.ts";
import { findJob } from "./find-job.ts";
import { jobSchema, jobViews } from "./job-view.ts";

export const getJob = defineRoute({
  method: "GET",
  path: "api/admin/jobs/{id}",
  access: "viewer",
  summary: "One job: its state and figures, the schema of its input, its settings in force with their sources",
  params: z.object({ id: z.string() }),
  response: jobSchema.extend({
    input: fields.describe("JSON Schema"),
    settings: z.array(
      z.object({
        name: z.string(),
        value: z.union([z.string(), z.number(), z.boolean()]),
        source: z.enum(["file", "environment"]).describe("file: the job's own file"),
      }),
    ),
    retry: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("never"), retries: z.literal(0) }),
      z.object({ kind: z.literal("linear"), retries: z.int(), delayMs: z.number() }),
      z.object({
        kind: z.literal("exponential"),
        retries: z.int(),
        firstMs: z.number(),
        factor: z.number(),
        maxMs: z.number(),
      }),
    ]),
    timeoutMs: z.number(),
    gates: z.array(z.string()),
    needs: z.array(z.string()).describe("Controls that have to be on"),
    upkeep: z.boolean().describe("An upkeep job of the layer: it runs while jobs are switched off"),
    queue: z.string(),
  }),
  async handle({ app, params }) {
    const job = await findJob(app, params.id);
    const [view] = await jobViews(app, [job]);
    return {
      json: {
        ...view,
        // Dates and bigints have no JSON Schema; a form shows a plain field for them.
        input: z.toJSONSchema(job.input, { io: "input", unrepresentable: "any" }),
        settings: effectiveJobSettings(job, app.config.jobs.get(job.id)),
        retry: job.retry,
        timeoutMs: job.timeoutMs,
        gates: job.gates.map(({ name }) => name),
        needs: needsOf(job),
        upkeep: job.upkeep,
        queue: job.queue ? ownQueue(job.id) : SHARED_QUEUE,
      },
    };
  },
});
