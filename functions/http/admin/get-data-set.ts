import { z } from "zod";
import { readPage } from "#http/pagination.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { dataSets, judgeDataSet } from "../../data-sets.ts";
import { dataSetSchema, dataSetView, elementSchema, elementView } from "./data-set-view.ts";

export const getDataSet = defineRoute({
  method: "GET",
  path: "api/admin/freshness/{id}",
  access: "viewer",
  summary: "One data set, with the age of each element, by id",
  params: z.object({ id: z.string() }),
  query: z.strictObject({
    state: elementSchema.shape.state.optional(),
    cursor: z.string().max(200).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  response: dataSetSchema.extend({ elements: z.array(elementSchema), nextCursor: z.string().nullable() }),
  async handle({ app, params, query: { state, cursor = "", limit } }) {
    const set = dataSets.find(({ id }) => id === params.id);
    if (!set) throw notFound(`there is no data set ${params.id}; there are ${dataSets.map(({ id }) => id).join(", ")}`);
    const judged = await judgeDataSet(set, app.db, app.clock.now());
    const wanted = judged.freshness.elements.filter(
      (element) => element.id > cursor && (state === undefined || element.state === state),
    );
    const { rows, nextAfter } = await readPage(limit, async (limit) => wanted.slice(0, limit));
    const elements = rows.map(elementView);
    return { json: { ...dataSetView(judged), elements, nextCursor: nextAfter?.id ?? null } };
  },
});
