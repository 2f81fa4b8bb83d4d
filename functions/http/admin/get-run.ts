import { z } from "zod";
import { effectsOfRun } from "#data/platform/effects.ts";
import { childrenOf, findRun } from "#data/platform/job-runs.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { effectAnswer, effectView } from "./effect-view.ts";
import { runAnswer, runState, runView, trigger } from "./run-view.ts";
import { settled, waitSeconds } from "./settled.ts";

/** Of one run; all of its effects are found with `api/admin/effects?run=`. */
const MOST_EFFECTS = 100;
const MOST_CHILDREN = 100;

const childAnswer = z.object({ id: z.uuid(), jobId: z.string(), trigger, state: runState });

export const getRun = defineRoute({
  method: "GET",
  path: "api/admin/runs/{id}",
  access: "viewer",
  summary:
    "One run, whole, with the runs that came of it and its effects outside the database; with wait, answer when it has ended",
  params: z.object({ id: z.uuid() }),
  query: z.strictObject({ wait: waitSeconds.optional() }),
  answer: runAnswer.extend({
    children: z.array(childAnswer).describe("Runs that repeat it, follow it or were started by it: the first 100"),
    effects: z.array(effectAnswer),
  }),
  async handle({ app, params, query }) {
    const run = await findRun(app.db, params.id);
    if (!run) throw notFound(`there is no run ${params.id}`);
    const latest = query.wait ? await settled(app, run, query.wait * 1_000) : run;
    const children = await childrenOf(app.db, run.id, MOST_CHILDREN);
    const effects = await effectsOfRun(app.db, run.id, MOST_EFFECTS);
    return { json: { ...runView(latest), children, effects: effects.map(effectView) } };
  },
});
