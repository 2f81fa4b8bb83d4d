import { z } from "zod";
import { listRuns } from "../../../shared/data/platform/job-runs.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { runSummary } from "./run-view.ts";

export const getRuns = defineRoute({
  method: "GET",
  path: "api/admin/runs",
  access: "viewer",
  summary: "Runs, newest first",
  query: z.strictObject({
    job: z.string().optional(),
    state: z.enum(["queued", "running", "succeeded", "retrying", "dead", "skipped", "cancelled"]).optional(),
    family: z.string().optional(),
    trigger: z.enum(["schedule", "manual", "event", "retry", "replay", "chain"]).optional(),
    since: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
    /** Occurs in the input, whatever the case. */
    text: z.string().min(1).max(200).optional(),
    cursor: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
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
