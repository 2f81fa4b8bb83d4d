import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { abortBackfill, backfillAnswer } from "./backfilling.ts";
import { findJob } from "./find-job.ts";
import { givenReason } from "./given-reason.ts";

const params = z.object({ id: z.string() });
const summary = "Stop the backfill of a job: no further slot is taken; what runs comes to its end";

export const deleteBackfill = defineRoute({
  method: "DELETE",
  path: "api/admin/jobs/{id}/backfill",
  access: "operator",
  summary,
  params,
  answer: backfillAnswer,
  handle: async ({ app, params, caller }) => abortBackfill(app, (await findJob(app, params.id)).id, { who: caller }),
});

export const abortBackfillOf = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/backfill/abort",
  access: "operator",
  summary,
  params,
  body: z.strictObject({ reason: givenReason.optional() }),
  answer: backfillAnswer,
  handle: async ({ app, params, body, caller }) =>
    abortBackfill(app, (await findJob(app, params.id)).id, { who: caller, ...body }),
});
