import { defineJob, event, InvalidInput, type JobContext, type PageResult, z } from "#jobs";
import type { Tx } from "#data/client.ts";
import { findAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { lockDeals, updateDealStatuses, recordDecisions, recordedDecisions } from "#data/tax-liens/decision-events.ts";
import { type RequestedDecision, decide, decisionsInput, deduplicate } from "#rules/tax-liens/deal-decisions.ts";
import { taxLiens } from "../families.ts";

/** Taken in one transaction. */
const BATCH = 250;

const input = z.strictObject({ analysisRunId: z.uuid(), decisions: decisionsInput });
type Context = JobContext<z.output<typeof input>>;

/**
 * Moves deals as people and agents decided, in the order in which they said so, and records each decision with what became of it. What
 * cannot be is recorded as refused with the reason, shown as a failed item, and changes nothing; the others go on. Twice is safe: a
 * decision is known by its id, and record and move commit together.
 */
export const applyAnalysisDecisions = defineJob({
  id: "apply_analysis_decisions",
  family: taxLiens,
  summary: "Move deals as people and agents decided, and record every decision",
  on: event({ batch: 20 }),
  input,
  // Deals are locked while they are moved: runs about the same analysis need not wait for one another.
  concurrency: () => null,

  async run(context) {
    const { analysisRunId, decisions } = context.input;
    if (!(await findAnalysis(context.db, analysisRunId))) {
      throw new InvalidInput([{ field: "analysisRunId", reason: `there is no analysis ${analysisRunId}` }]);
    }
    return context.paginate<number>(BATCH, async (tx, { limit, after }) => {
      const [first, next] = [after ?? 0, (after ?? 0) + limit];
      const asked = decisions.slice(first, next).map((given, i) => ({
        ...given,
        analysisRunId,
        runId: context.run.id,
        position: first + i,
      }));
      return { next: next < decisions.length ? next : null, ...(await take(tx, asked, context)) };
    });
  },
});

async function take(
  tx: Tx,
  page: readonly RequestedDecision[],
  { input: { analysisRunId }, run, clock }: Context,
): Promise<Omit<PageResult<number>, "next">> {
  const deals = await lockDeals(tx, analysisRunId, [...new Set(page.map(({ dealId }) => dealId))]);
  // Read with the deals in hand: whoever said something about them before has committed.
  const recorded = await recordedDecisions(
    tx,
    page.map(({ decisionId }) => decisionId),
  );
  const { fresh, done, repeated, contradictory } = deduplicate(page, recorded);

  const by = { requestedBy: run.requestedBy, at: clock.now() };
  const taken = decide(fresh, deals).map(({ given, from, refusal }) => ({
    ...given,
    fromStatus: from,
    refusal,
    ...by,
  }));
  if (!(await recordDecisions(tx, taken))) throw new RecordedMeanwhile();
  const applied = taken.filter(({ refusal }) => refusal === null);
  // Of two about one deal the later one stands.
  await updateDealStatuses(tx, new Map(applied.map(({ dealId, decision }) => [dealId, decision])), by.at);

  const refused = [...done, ...taken].flatMap(({ decisionId, refusal }) =>
    refusal === null ? [] : [{ decisionId, reason: refusal }],
  );
  return {
    counts: {
      applied: done.length + taken.length - refused.length,
      refused: refused.length,
      repeated,
      conflicting: contradictory.length,
    },
    failed: [...refused, ...contradictory].map(({ decisionId, reason }) => ({
      key: decisionId,
      error: new NotTaken(reason),
    })),
  };
}

class NotTaken extends Error {
  override name = "NotTaken";
  readonly errorClass = "validation";
}

/** The next attempt finds what the other run recorded, and compares. */
class RecordedMeanwhile extends Error {
  override name = "RecordedMeanwhile";
  readonly errorClass = "transient";
  constructor() {
    super("another run recorded a decision with one of these ids at the same moment");
  }
}
