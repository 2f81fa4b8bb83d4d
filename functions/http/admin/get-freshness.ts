import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { freshnessOf } from "#operations/freshness.ts";
import { dataSets } from "../../data-sets.ts";
import { instant } from "./field-schemas.ts";

export const getFreshness = defineRoute({
  method: "GET",
  path: "api/admin/freshness",
  access: "viewer",
  summary: "Per data set its newest day, the age that is allowed, and since when it is stale",
  response: z.object({
    dataSets: z.array(
      z.object({
        id: z.string(),
        family: z.string(),
        title: z.string(),
        jobs: z.array(z.string()).describe("Those that bring it"),
        allowedAge: z.object({ workingDays: z.int(), zone: z.string() }),
        state: z.enum(["fresh", "stale", "empty"]),
        newest: z.iso.date().nullable(),
        staleSince: instant.nullable().describe("Or when it will become stale"),
      }),
    ),
  }),
  async handle({ app }) {
    const now = app.clock.now();
    const sets = dataSets.map(async (set) => ({
      id: set.id,
      family: set.family,
      title: set.title,
      jobs: set.jobs,
      allowedAge: { workingDays: set.allowedWorkingDays, zone: set.zone },
      ...freshnessOf(set, await set.newest(app.db), now),
    }));
    return { json: { dataSets: await Promise.all(sets) } };
  },
});
