import { z } from "zod";
import { DEAL_STATUSES, type DealStatus, type Decision, transitionRefusal } from "./deal-statuses.ts";

const DECISIONS = DEAL_STATUSES.filter((status): status is Decision => status !== "candidate");

/** A decision about a deal, as a user or an agent gives it. */
export const decisionSchema = z.strictObject({
  decisionId: z.string().min(1).max(200).describe("Idempotency key: a decision with the same id is applied once"),
  dealId: z.int().positive(),
  decision: z.enum(DECISIONS).describe("The new status of the deal"),
  reason: z.string().trim().min(1).max(2_000),
  decidedBy: z.enum(["user", "agent"]),
});
/** A batch of decisions. */
export const decisionsInput = z.array(decisionSchema).min(1).max(1_000);
export type GivenDecision = Readonly<z.output<typeof decisionSchema>>;

/** The outcome of a new decision. */
export interface DecisionOutcome<Given extends GivenDecision> {
  readonly given: Given;
  /** The previous status of the deal; null when the deal does not exist. */
  readonly from: DealStatus | null;
  /** Why the decision was refused; null when the deal changed its status. */
  readonly refusal: string | null;
}

/** Applies decisions in order: each one sees the status that the previous ones set. */
export function decide<Given extends GivenDecision>(
  decisions: readonly Given[],
  found: ReadonlyMap<number, DealStatus>,
): DecisionOutcome<Given>[] {
  const statuses = new Map(found);
  return decisions.map((given) => {
    const from = statuses.get(given.dealId) ?? null;
    const refusal =
      from === null ? `there is no deal ${given.dealId} in this analysis` : transitionRefusal(from, given.decision);
    if (refusal === null) statuses.set(given.dealId, given.decision);
    return { given, from, refusal };
  });
}

/** A decision with its analysis, its run and its position among the decisions of the run. */
export interface RequestedDecision extends GivenDecision {
  readonly analysisRunId: string;
  readonly runId: string;
  readonly position: number;
}

export interface RecordedDecision extends RequestedDecision {
  readonly refusal: string | null;
}

/** Requested decisions, grouped by what is recorded under their ids. */
export interface DeduplicatedDecisions<Asked> {
  /** New decisions, in their order. */
  readonly fresh: readonly Asked[];
  /** Decisions of the same run and position that an interrupted attempt recorded. */
  readonly done: readonly RecordedDecision[];
  /** Number of repetitions of known decisions. */
  readonly repeated: number;
  /** Decisions that differ from the known decision of the same id. */
  readonly contradictory: readonly { readonly decisionId: string; readonly reason: string }[];
}

export function deduplicate<Asked extends RequestedDecision>(
  asked: readonly Asked[],
  recorded: readonly RecordedDecision[],
): DeduplicatedDecisions<Asked> {
  const [fresh, done, contradictory] = [
    new Map<string, Asked>(),
    new Map<string, RecordedDecision>(),
    [] as Contradiction[],
  ];
  const known = new Map(recorded.map((decision) => [decision.decisionId, decision]));
  for (const one of asked) {
    const { decisionId, runId, position } = one;
    const before = known.get(decisionId);
    const earlier = before ?? fresh.get(decisionId);
    if (before?.runId === runId && before.position === position) done.set(decisionId, before);
    else if (!earlier) fresh.set(decisionId, one);
    else contradictory.push(...contradiction(one, earlier));
  }
  const repeated = asked.length - fresh.size - done.size - contradictory.length;
  return { fresh: [...fresh.values()], done: [...done.values()], repeated, contradictory };
}

type Contradiction = DeduplicatedDecisions<never>["contradictory"][number];

/** Empty when both decisions are equal. */
function contradiction(asked: RequestedDecision, known: RequestedDecision): Contradiction[] {
  const members = ["analysisRunId", "dealId", "decision", "reason", "decidedBy"] as const;
  const others = members.filter((member) => asked[member] !== known[member]);
  if (others.length === 0) return [];
  const was = others.map((member) => `${member} ${JSON.stringify(known[member])}`).join(", ");
  const { decisionId } = asked;
  return [{ decisionId, reason: `${decisionId} was given before with ${was}; another decision needs another id` }];
}
