import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { needsOf } from "#jobs/job.ts";
import { ownQueue, SHARED_QUEUE } from "#messaging/queue-names.ts";
import { jobSettingsInForce } from "#operations/effective-job-settings.ts";
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
    essential: z.boolean().describe("The layer's own upkeep: goes on while others are stopped"),
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
        settings: jobSettingsInForce(job, app.config.jobs.get(job.id)),
        retry: job.retry,
        timeoutMs: job.timeoutMs,
        gates: job.gates.map(({ name }) => name),
        needs: needsOf(job),
        essential: job.upkeep,
        queue: job.queue ? ownQueue(job.id) : SHARED_QUEUE,
      },
    };
  },
});
