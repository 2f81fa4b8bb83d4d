import { z } from "zod";
import { listEffects } from "#data/platform/effects.ts";
import { defineRoute } from "#http/route.ts";
import { effectSchema, effectView } from "./effect-view.ts";

export const getEffects = defineRoute({
  method: "GET",
  path: "api/admin/effects",
  access: "viewer",
  summary: "Effects outside the database by state, oldest first; an operator has to resolve the parked ones",
  query: z.strictObject({
    state: z.enum(["parked", "intended", "done"]).default("parked"),
    job: z.string().optional(),
    run: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({ effects: z.array(effectSchema) }),
  async handle({ app, query: { state, job, run, limit } }) {
    const found = await listEffects(app.db, { state, jobId: job, runId: run, limit });
    return { json: { effects: found.map(effectView) } };
  },
});
