import { z } from "zod";
import { listRuns } from "../../../shared/data/platform/job-runs.ts";
import { defineRoute } from "../../../shared/http/route.ts";
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
    const runs = await listRuns(app.db, {
      ...{ jobId: job, state, family, trigger, text, before: cursor, limit },
      since: since === undefined ? undefined : new Date(since),
      until: until === undefined ? undefined : new Date(until),
    });
    return { json: { runs: runs.map(runSummary), nextCursor: runs.length === limit ? runs.at(-1)!.id : null } };
  },
});
