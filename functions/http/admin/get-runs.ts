import { z } from "zod";
import { listRuns } from "#data/platform/job-runs.ts";
import { pageOf } from "#http/page.ts";
import { defineRoute } from "#http/route.ts";
import { runState, runSummary, runSummaryAnswer, trigger as whatStarted } from "./run-view.ts";

export const getRuns = defineRoute({
  method: "GET",
  path: "api/admin/runs",
  access: "viewer",
  summary: "Runs, newest first",
  query: z.strictObject({
    job: z.string().optional(),
    state: runState.optional(),
    family: z.string().optional(),
    trigger: whatStarted.optional(),
    since: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
    /** Occurs in the input, whatever the case. */
    text: z.string().min(1).max(200).optional(),
    cursor: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  answer: z.object({ runs: z.array(runSummaryAnswer), nextCursor: z.uuid().nullable() }),
  async handle({ app, query }) {
    const { job, state, family, trigger, since, until, text, cursor, limit } = query;
    const filter = {
      jobId: job,
      state,
      family,
      trigger,
      text,
      before: cursor,
      since: since === undefined ? undefined : new Date(since),
      until: until === undefined ? undefined : new Date(until),
    };
    const { rows, goesOnAfter } = await pageOf(limit, (limit) => listRuns(app.db, { ...filter, limit }));
    return { json: { runs: rows.map(runSummary), nextCursor: goesOnAfter?.id ?? null } };
  },
});
