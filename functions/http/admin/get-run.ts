import { z } from "zod";
import { effectsOfRun } from "#data/platform/effects.ts";
import { childrenOf, findRun } from "#data/platform/job-runs.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { waitForRun } from "#operations/wait-for-run.ts";
import { effectSchema, effectView } from "./effect-view.ts";
import { runSchema, runState, runView, trigger, waitSeconds } from "./run-view.ts";

/** Shown of one run; `api/admin/effects?run=` lists all. */
const MAX_EFFECTS = 100;
const MAX_CHILDREN = 100;

const childRunSchema = z.object({ id: z.uuid(), jobId: z.string(), trigger, state: runState });

export const getRun = defineRoute({
  method: "GET",
  path: "api/admin/runs/{id}",
  access: "viewer",
  summary:
    "One run with its child runs and its effects outside the database; with wait, respond when the run has ended",
  params: z.object({ id: z.uuid() }),
  query: z.strictObject({ wait: waitSeconds.optional() }),
  response: runSchema.extend({
    children: z.array(childRunSchema).describe("Runs that repeat it, follow it or were started by it: the first 100"),
    effects: z.array(effectSchema),
  }),
  async handle({ app, params, query }) {
    const run = await findRun(app.db, params.id);
    if (!run) throw notFound(`there is no run ${params.id}`);
    const latest = query.wait ? await waitForRun(app, run, query.wait * 1_000) : run;
    const children = await childrenOf(app.db, run.id, MAX_CHILDREN);
    const effects = await effectsOfRun(app.db, run.id, MAX_EFFECTS);
    return { json: { ...runView(latest), children, effects: effects.map(effectView) } };
  },
});
