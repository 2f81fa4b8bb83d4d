import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { enqueueOnce } from "../idempotent-requests.ts";
import { findJob } from "./find-job.ts";
import { runSchema, runView } from "./run-view.ts";
import { settled, waitSeconds } from "../../../shared/operations/wait-for-run.ts";

export const runJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/run",
  access: "operator",
  idempotent: true,
  summary: "Start a job now with the body as its input; with wait, answer when it has ended",
  params: z.object({ id: z.string() }),
  query: z.strictObject({ wait: waitSeconds.optional() }),
  body: z.unknown(),
  response: runSchema,
  async handle({ app, params, query, body, header, caller }) {
    const job = await findJob(app, params.id);
    const request = { input: body, trigger: "manual", requestedBy: caller } as const;
    const asked = { start: job.id, input: body };
    const { run, isRepeat } = await enqueueOnce(app, { header, asked }, job, request);
    const ended = query.wait ? await settled(app, run, query.wait * 1_000) : run;
    const isOver = ended.finishedAt !== null;
    return {
      status: isOver || isRepeat ? 200 : 202,
      headers: { location: `/api/admin/runs/${run.id}` },
      json: runView(ended),
    };
  },
});
