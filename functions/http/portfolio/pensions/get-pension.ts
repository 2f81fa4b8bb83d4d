import { z } from "zod";
import { findPension, listContributions, pendingDays } from "#data/portfolio/pensions.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { pendingReasonText } from "#rules/portfolio/pending-reason.ts";
import { pensionSchema } from "./pension-schemas.ts";

export const getPension = defineRoute({
  method: "GET",
  path: "api/v1/etf-pensions/{id}",
  access: "key",
  summary: "A pension with its contributions and purchases, its last value, and its pending days with reasons",
  params: z.object({ id: z.uuid() }),
  response: pensionSchema,
  async handle({ app, params: { id } }) {
    const found = await findPension(app.db, id);
    if (!found) throw notFound(`there is no pension ${id}`);
    const [waiting, contributions] = await Promise.all([pendingDays(app.db, id), listContributions(app.db, id)]);
    return {
      json: {
        ...found,
        pending: waiting.map((days) => ({ ...days, meaning: pendingReasonText(days.reason, found) })),
        contributions: contributions.map(({ id: _id, pensionId: _pension, ...shown }) => shown),
      },
    };
  },
});
