import { z } from "zod";
import { findRun } from "../../../shared/data/platform/job-runs.ts";
import { notFound } from "../../../shared/http/problem.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { runView } from "./run-view.ts";
import { settled, waitSeconds } from "./settled.ts";

export const getRun = defineRoute({
  method: "GET",
  path: "api/admin/runs/{id}",
  access: "viewer",
  summary: "One run, whole; with wait, answer when it has ended",
  params: z.object({ id: z.uuid() }),
  query: z.strictObject({ wait: waitSeconds.optional() }),
  async handle({ app, params, query }) {
    const run = await findRun(app.db, params.id);
    if (!run) throw notFound(`there is no run ${params.id}`);
    return { json: runView(query.wait ? await settled(app, run, query.wait * 1_000) : run) };
  },
});
