import type { Tx } from "#data/client.ts";
import { findAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { lockDeals, recordDecisions, recordedDecisions, updateDealStatuses } from "#data/tax-liens/decision-events.ts";
import { defineJob, event, InvalidInput, type JobContext, type PageResult, writes, z } from "#jobs";
import { decide, decisionsInput, deduplicate, type RequestedDecision } from "#rules/tax-liens/deal-decisions.ts";
import { taxLiens } from "../families.ts";

/** Decisions of one transaction. */
const BATCH = 250;

const input = z.strictObject({ analysisRunId: z.uuid(), decisions: decisionsInput });
type Context = JobContext<z.output<typeof input>>;

/**
 * Applies the decisions of people and agents to deals, in their order, and records each decision with its result. An
 * impossible decision is recorded as refused with the reason, becomes a failed item, and changes nothing. Running twice
 * is safe: a decision has an id, and its record and the new status of the deal commit together.
 */
export const applyAnalysisDecisions = defineJob({
  id: "apply_analysis_decisions",
  family: taxLiens,
  summary: "Apply the decisions of people and agents to deals, and record each",
  on: event({ batch: 20 }),
  input,
  async checkInput({ analysisRunId: id }, { db }) {
    if (await findAnalysis(db, id)) return;
    throw new InvalidInput([{ field: "analysisRunId", reason: `there is no analysis ${id}` }]);
  },
  // The transaction locks the deals: runs about the same analysis need not wait for one another.
  concurrency: () => null,
  gates: [writes],

  async run(context) {
    const { analysisRunId, decisions } = context.input;
    return context.paginate<number>(BATCH, async (tx, { limit, after }) => {
      const [first, next] = [after ?? 0, (after ?? 0) + limit];
      const requested = decisions.slice(first, next).map((given, i) => ({
        ...given,
        analysisRunId,
        runId: context.run.id,
        position: first + i,
      }));
      return { next: next < decisions.length ? next : null, ...(await apply(tx, requested, context)) };
    });
  },
});

async function apply(
  tx: Tx,
  page: readonly RequestedDecision[],
  { input: { analysisRunId }, run, clock }: Context,
): Promise<Omit<PageResult<number>, "next">> {
  const deals = await lockDeals(tx, analysisRunId, [...new Set(page.map(({ dealId }) => dealId))]);
  // Read under the locks of the deals: earlier decisions about them have committed.
  const recorded = await recordedDecisions(
    tx,
    page.map(({ decisionId }) => decisionId),
  );
  const { fresh, done, repeated, contradictory } = deduplicate(page, recorded);

  const by = { requestedBy: run.requestedBy, at: clock.now() };
  const decided = decide(fresh, deals).map(({ given, from, refusal }) => ({
    ...given,
    fromStatus: from,
    refusal,
    ...by,
  }));
  if (!(await recordDecisions(tx, decided))) throw new RecordedConcurrently();
  const applied = decided.filter(({ refusal }) => refusal === null);
  // Of two decisions about one deal the later one wins.
  await updateDealStatuses(tx, new Map(applied.map(({ dealId, decision }) => [dealId, decision])), by.at);

  const refused = [...done, ...decided].flatMap(({ decisionId, refusal }) =>
    refusal === null ? [] : [{ decisionId, reason: refusal }],
  );
  return {
    counts: {
      applied: done.length + decided.length - refused.length,
      refused: refused.length,
      repeated,
      conflicting: contradictory.length,
    },
    failed: [...refused, ...contradictory].map(({ decisionId, reason }) => ({
      key: decisionId,
      error: new DecisionRefused(reason),
    })),
  };
}

class DecisionRefused extends Error {
  override name = "DecisionRefused";
  readonly errorClass = "validation";
}

/** The next attempt compares with what the other run recorded. */
class RecordedConcurrently extends Error {
  override name = "RecordedConcurrently";
  readonly errorClass = "transient";
  constructor() {
    super("another run recorded a decision with one of these ids at the same time");
  }
}
