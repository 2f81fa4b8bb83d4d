import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { freshnessOf } from "#operations/freshness.ts";
import { dataSets } from "../../data-sets.ts";
import { instant } from "./field-schemas.ts";

export const getFreshness = defineRoute({
  method: "GET",
  path: "api/admin/freshness",
  access: "viewer",
  summary: "For each data set: its newest day, the allowed age, and since when it is stale",
  response: z.object({
    dataSets: z.array(
      z.object({
        id: z.string(),
        family: z.string(),
        title: z.string(),
        jobs: z.array(z.string()).describe("The jobs that load it"),
        allowedAge: z.object({ workingDays: z.int(), zone: z.string() }),
        state: z.enum(["fresh", "stale", "empty"]),
        newest: z.iso.date().nullable(),
        staleSince: instant.nullable().describe("Since when it is stale, or when it becomes stale"),
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
