import { z } from "zod";
import type { Executor } from "#data/client.ts";
import { addSteps, insertEpisode } from "#data/reasoning/episodes.ts";
import { rowId } from "#data/row-ids.ts";
import { countiesWithAvailableLiens } from "#data/tax-liens/counties.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { issuesOf } from "#jobs/input.ts";
import { OPERATORS } from "#notifications/notification.ts";
import { constraintsSchema } from "#rules/tax-liens/constraints.ts";
import { startAnalysis } from "../analysis/start-analysis.ts";

const body = z.strictObject({
  goal: z.string().trim().min(1).max(1_000).default("Find tax liens to buy within the investor's constraints"),
  constraints: z
    .record(z.string(), z.json())
    .describe("As for api/analysis/runs; without counties, all counties with available liens"),
  recipient: z.string().trim().min(1).max(200).default(OPERATORS),
});

export const orchestrateAnalysis = defineRoute({
  method: "POST",
  path: "api/agents/orchestrator/analysis",
  access: "key",
  idempotent: true,
  summary:
    "Let the analysis agent search for deals: it chooses the counties when none are given, and records its steps",
  body,
  response: z.object({ analysis: z.uuid(), run: z.uuid(), episode: z.uuid() }),
  handle({ app, body, caller: requestedBy, header }) {
    const { goal, recipient } = body;
    const request = { header, payload: { orchestrate: body } };
    return startAnalysis(app, request, { recipient, requestedBy }, async (tx) => {
      const startedAt = app.clock.now();
      const { constraints, message } = await plan(tx, body.constraints);
      const episode = async (analysis: string) => {
        const createdAt = app.clock.now();
        const id = rowId(createdAt);
        await insertEpisode(tx, { id, agent: "analysis", goal, request: body, requestedBy, createdAt });
        const times = { startedAt, finishedAt: createdAt };
        const facts = { analysis, constraints };
        await addSteps(tx, id, [{ name: "plan", outcome: "done", message, facts, ...times }]);
        return id;
      };
      return { constraints, episode };
    });
  },
});

/** Decides where to search. @throws Problem 400 naming each invalid constraint */
async function plan(db: Executor, given: z.output<typeof body>["constraints"]) {
  const isOpen = given.counties === undefined;
  const counties = isOpen ? await countiesWithAvailableLiens(db) : given.counties;
  if (isOpen && (counties as string[]).length === 0) {
    const reason =
      "no county has an available lien: configure a county with PUT api/counties/{id}, and ingest its list";
    throw badRequest([{ field: "constraints.counties", reason }]);
  }
  const read = z.object({ constraints: constraintsSchema }).safeParse({ constraints: { ...given, counties } });
  if (!read.success) throw badRequest(issuesOf(read.error, "body"));
  const { constraints } = read.data;
  const where = constraints.counties.join(", ");
  const message = isOpen ? `no counties were given: I search all with available liens, ${where}` : `I search ${where}`;
  return { constraints, message };
}
