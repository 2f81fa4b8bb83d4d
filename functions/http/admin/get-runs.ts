import { z } from "zod";
import { listRuns } from "#data/platform/job-runs.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { instantField } from "#rules/input-fields.ts";
import { runState, runSummary, runSummarySchema, trigger as triggerSchema } from "./run-view.ts";

export const getRuns = defineRoute({
  method: "GET",
  path: "api/admin/runs",
  access: "viewer",
  summary: "Runs, newest first",
  query: z.strictObject({
    job: z.string().optional(),
    state: runState.optional(),
    family: z.string().optional(),
    trigger: triggerSchema.optional(),
    since: instantField.optional(),
    until: instantField.optional(),
    /** Text in the input, ignoring case. */
    text: z.string().min(1).max(200).optional(),
    cursor: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({ runs: z.array(runSummarySchema), nextCursor: z.uuid().nullable() }),
  async handle({ app, query }) {
    const { job, cursor, limit, ...more } = query;
    const filter = { ...more, jobId: job, before: cursor };
    const { rows, nextAfter } = await readPage(limit, (limit) => listRuns(app.db, { ...filter, limit }));
    return { json: { runs: rows.map(runSummary), nextCursor: nextAfter?.id ?? null } };
  },
});
