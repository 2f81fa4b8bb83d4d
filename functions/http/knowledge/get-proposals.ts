import { z } from "zod";
import type { Executor } from "#data/client.ts";
import { KNOWLEDGE_KINDS, type KnowledgeKind, PROPOSAL_STATUSES } from "#data/knowledge/knowledge-schema.ts";
import { listProposals, type ProposalFilter, type ProposalRow } from "#data/knowledge/list-proposals.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { kind, proposalSchema, proposalView } from "./proposal-view.ts";

interface Cursor {
  readonly kind: KnowledgeKind;
  readonly id: number;
}

/** A cursor as text: `atom-17`. */
const cursor = z.string().transform((text, context): Cursor => {
  const [, of, id] = /^(topic|atom)-([1-9]\d{0,14})$/.exec(text) ?? [];
  if (of !== undefined) return { kind: of as KnowledgeKind, id: Number(id) };
  context.addIssue({ code: "custom", message: "expected the `nextCursor` of an answer" });
  return z.NEVER;
});

export const getProposals = defineRoute({
  method: "GET",
  path: "api/knowledge/proposals",
  access: "viewer",
  summary: "Proposals of topics, then of atoms, newest first, each with the known entity that it repeats",
  query: z.strictObject({
    kind: kind.optional(),
    status: z.enum(PROPOSAL_STATUSES).optional(),
    flagged: z
      .enum(["true", "false"])
      .transform((text) => text === "true")
      .optional()
      .describe("Whether it repeats something known"),
    run: z.uuid().optional().describe("The id of an extraction"),
    cursor: cursor.optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.object({ proposals: z.array(proposalSchema), nextCursor: z.string().nullable() }),
  async handle({ app, query: { kind, cursor, limit, ...filter } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listBoth(app.db, kind, cursor, { ...filter, limit }));
    return {
      json: { proposals: rows.map(proposalView), nextCursor: nextAfter && `${nextAfter.kind}-${nextAfter.id}` },
    };
  },
});

/** All topics come before the atoms. */
async function listBoth(
  db: Executor,
  only: KnowledgeKind | undefined,
  after: Cursor | undefined,
  filter: Omit<ProposalFilter, "before">,
): Promise<ProposalRow[]> {
  const rows: ProposalRow[] = [];
  for (const kind of KNOWLEDGE_KINDS) {
    const isPassed = after !== undefined && KNOWLEDGE_KINDS.indexOf(kind) < KNOWLEDGE_KINDS.indexOf(after.kind);
    const limit = filter.limit - rows.length;
    if (isPassed || limit === 0 || (only !== undefined && only !== kind)) continue;
    const before = after?.kind === kind ? after.id : undefined;
    rows.push(...(await listProposals(db, kind, { ...filter, before, limit })));
  }
  return rows;
}
