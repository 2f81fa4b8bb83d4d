import { z } from "zod";
import { lastBackfill } from "#data/platform/backfills.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { backfillSchema, backfillView } from "./backfill-view.ts";
import { findJob } from "./find-job.ts";

export const getBackfill = defineRoute({
  method: "GET",
  path: "api/admin/jobs/{id}/backfill",
  access: "viewer",
  summary: "The running backfill of a job with its progress, or the last one",
  params: z.object({ id: z.string() }),
  response: backfillSchema,
  async handle({ app, params }) {
    const { id } = await findJob(app, params.id);
    const backfill = await lastBackfill(app.db, id);
    if (!backfill) throw notFound(`${id} has no backfill`);
    return { json: await backfillView(app, backfill) };
  },
});
