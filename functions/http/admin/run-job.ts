import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { waitForRun } from "#operations/wait-for-run.ts";
import { enqueueOnce } from "../idempotent-requests.ts";
import { findJob } from "./find-job.ts";
import { runSchema, runView, waitSeconds } from "./run-view.ts";

export const runJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/run",
  access: "operator",
  idempotent: true,
  summary: "Run a job now with the body as its input; with wait, respond when the run has ended",
  params: z.object({ id: z.string() }),
  query: z.strictObject({ wait: waitSeconds.optional() }),
  body: z.unknown(),
  response: runSchema,
  async handle({ app, params, query, body, header, caller }) {
    const payload = { start: params.id, input: body };
    const { run, isRepeat } = await enqueueOnce(app, { header, payload }, async () => ({
      job: await findJob(app, params.id),
      input: body,
      trigger: "manual",
      requestedBy: caller,
    }));
    const latest = query.wait ? await waitForRun(app, run, query.wait * 1_000) : run;
    const hasEnded = latest.finishedAt !== null;
    return {
      status: hasEnded || isRepeat ? 200 : 202,
      headers: { location: `/api/admin/runs/${run.id}` },
      json: runView(latest),
    };
  },
});
