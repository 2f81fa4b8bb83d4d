import { z } from "zod";
import { findRun } from "../../../shared/data/platform/job-runs.ts";
import { notFound } from "../../../shared/http/problem.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { runView } from "./run-view.ts";

export const getRun = defineRoute({
  method: "GET",
  path: "api/admin/runs/{id}",
  access: "viewer",
  summary: "One run, whole",
  params: z.object({ id: z.uuid() }),
  async handle({ app, params }) {
    const run = await findRun(app.db, params.id);
    if (!run) throw notFound(`there is no run ${params.id}`);
    return { json: runView(run) };
  },
});
