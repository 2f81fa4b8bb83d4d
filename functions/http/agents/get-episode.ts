import { z } from "zod";
import { findEpisode } from "#data/reasoning/episodes.ts";
import { analysisOfEpisode } from "#data/tax-liens/analysis-runs.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";

export const getEpisode = defineRoute({
  method: "GET",
  path: "api/agents/episodes/{id}",
  access: "key",
  summary: "An agent's episode with its steps: what it did, found and decided",
  params: z.strictObject({ id: z.uuid() }),
  response: z.object({
    id: z.uuid(),
    agent: z.string(),
    goal: z.string(),
    request: z.record(z.string(), z.unknown()),
    requestedBy: z.string(),
    createdAt: z.iso.datetime(),
    analysis: z.uuid().nullable(),
    steps: z.array(
      z.object({
        number: z.number(),
        name: z.string(),
        outcome: z.enum(["done", "failed"]),
        message: z.string(),
        facts: z.record(z.string(), z.unknown()),
        startedAt: z.iso.datetime(),
        finishedAt: z.iso.datetime(),
      }),
    ),
  }),
  async handle({ app, params: { id } }) {
    const found = await findEpisode(app.db, id);
    if (!found) throw notFound(`there is no episode ${id}`);
    const analysis = (await analysisOfEpisode(app.db, id)) ?? null;
    return { json: { ...found.episode, analysis, steps: found.steps.map(({ episodeId: _, ...step }) => step) } };
  },
});
