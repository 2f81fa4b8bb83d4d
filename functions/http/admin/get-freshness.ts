import { defineRoute } from "../../../shared/http/route.ts";
import { freshnessOf } from "../../../shared/freshness/data-set.ts";
import { dataSets } from "../../data-sets.ts";

export const getFreshness = defineRoute({
  method: "GET",
  path: "api/admin/freshness",
  access: "viewer",
  summary: "Per data set its newest day, the age that is allowed, and since when it is stale",
  async handle({ app }) {
    const now = app.clock.now();
    const sets = dataSets.map(async (set) => ({
      ...{ id: set.id, family: set.family, title: set.title, jobs: set.jobs },
      allowedAge: { workingDays: set.allowedWorkingDays, zone: set.zone },
      ...freshnessOf(set, await set.newest(app.db), now),
    }));
    return { json: { dataSets: await Promise.all(sets) } };
  },
});
