import { z } from "zod";
import { countMessages, countProposals, findExtraction, messageFailures } from "#data/knowledge/extraction-runs.ts";
import { PROPOSAL_STATUSES } from "#data/knowledge/knowledge-schema.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";

/** Failed messages of one response; the counts have the rest. */
const SHOWN_FAILURES = 100;

const byStatus = z.object(Object.fromEntries(PROPOSAL_STATUSES.map((status) => [status, z.int()])));

export const getExtraction = defineRoute({
  method: "GET",
  path: "api/knowledge/extractions/{id}",
  access: "viewer",
  summary: "An extraction: its state, what came of its messages, and its proposals by status",
  params: z.strictObject({ id: z.uuid() }),
  response: z.object({
    id: z.uuid(),
    state: z.enum(["queued", "extracted", "failed"]),
    extractor: z.string().nullable().describe("What read the messages: `rules`, or the name of the language model"),
    error: z.string().nullable(),
    run: z.uuid().nullable(),
    requestedBy: z.string(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    messages: z.object({
      total: z.int(),
      extracted: z.int().describe("Messages whose findings are proposals, also by an earlier request"),
      failed: z.int(),
      waiting: z.int(),
    }),
    failures: z
      .array(z.object({ source: z.string(), externalId: z.string(), reason: z.string() }))
      .describe(`The first ${SHOWN_FAILURES} messages that could not be read`),
    proposals: z.object({ topics: byStatus, atoms: byStatus }),
  }),
  async handle({ app: { db }, params: { id } }) {
    const found = await findExtraction(db, id);
    if (!found) throw notFound(`there is no extraction ${id}`);
    const messages = await countMessages(db, id);
    const failures = await messageFailures(db, id, SHOWN_FAILURES);
    const { topics, atoms } = await countProposals(db, id);
    const { runId: run, ...extraction } = found;
    const waiting = messages.total - messages.extracted - messages.failed;
    return {
      json: {
        ...extraction,
        run,
        messages: { ...messages, waiting },
        failures,
        proposals: { topics: statuses(topics), atoms: statuses(atoms) },
      },
    };
  },
});

function statuses(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(PROPOSAL_STATUSES.map((status) => [status, counts[status] ?? 0]));
}
