import { z } from "zod";
import { notFound } from "../../../shared/http/problem.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { suggestion } from "../../../shared/settings/suggestion.ts";
import { runView } from "./run-view.ts";
import { settled } from "./settled.ts";

export const runJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/run",
  access: "key",
  summary: "Start a job now with the body as its input; with wait, answer when it has ended",
  params: z.object({ id: z.string() }),
  query: z.strictObject({ wait: z.coerce.number().min(0).max(200).optional() }),
  body: z.unknown(),
  async handle({ app, params, query, body, caller }) {
    const job = await app.jobs.find(params.id);
    if (!job) {
      const meant = suggestion(params.id, app.jobs.ids);
      throw notFound(`there is no job ${params.id}${meant ? `; did you mean ${meant}?` : ""}`);
    }
    const run = await app.runner.request(job, { input: body, trigger: "manual", requestedBy: caller });
    const ended = query.wait ? await settled(app, run, query.wait * 1_000) : run;
    const isOver = ended.finishedAt !== null;
    return {
      status: isOver ? 200 : 202,
      headers: { location: `/api/admin/runs/${run.id}` },
      json: runView(ended),
    };
  },
});
