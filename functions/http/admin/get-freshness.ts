import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { judgeDataSets } from "../../data-sets.ts";
import { dataSetSchema, dataSetView } from "./data-set-view.ts";

export const getFreshness = defineRoute({
  method: "GET",
  path: "api/admin/freshness",
  access: "viewer",
  summary: "For each data set: its newest day, the allowed age, and the elements whose data is late",
  response: z.object({ dataSets: z.array(dataSetSchema) }),
  async handle({ app }) {
    const judged = await judgeDataSets(app.db, app.clock.now());
    return { json: { dataSets: judged.map(dataSetView) } };
  },
});
