import { z } from "zod";
import { DEAL_STATUSES, type DealStatus, type Decision, transitionRefusal } from "./deal-statuses.ts";

const DECISIONS = DEAL_STATUSES.filter((status): status is Decision => status !== "candidate");

/** A decision about a deal, as somebody gives it. */
export const decisionSchema = z.strictObject({
  decisionId: z.string().min(1).max(200).describe("Its giver's name for it: given again, it is not taken twice"),
  dealId: z.int().positive(),
  decision: z.enum(DECISIONS).describe("The status that the deal is to have"),
  reason: z.string().trim().min(1).max(2_000),
  decidedBy: z.enum(["user", "agent"]),
});
/** Decisions that are given together. */
export const decisionsInput = z.array(decisionSchema).min(1).max(1_000);
export type GivenDecision = Readonly<z.output<typeof decisionSchema>>;

/** What became of a decision that had not been given before. */
export interface Verdict<Given extends GivenDecision> {
  readonly given: Given;
  /** The deal's status before; null: there is no such deal. */
  readonly from: DealStatus | null;
  /** Why it was refused, and changed nothing; null: the deal has moved. */
  readonly refusal: string | null;
}

/** Takes decisions one after the other: what one of them moves, the next one finds moved. */
export function decide<Given extends GivenDecision>(
  decisions: readonly Given[],
  found: ReadonlyMap<number, DealStatus>,
): Verdict<Given>[] {
  const statuses = new Map(found);
  return decisions.map((given) => {
    const from = statuses.get(given.dealId) ?? null;
    const refusal =
      from === null ? `there is no deal ${given.dealId} in this analysis` : transitionRefusal(from, given.decision);
    if (refusal === null) statuses.set(given.dealId, given.decision);
    return { given, from, refusal };
  });
}

/** A decision with where it stands: its analysis, and its place among the decisions that came together in a run. */
export interface RequestedDecision extends GivenDecision {
  readonly analysisRunId: string;
  readonly runId: string;
  readonly place: number;
}

export interface RecordedDecision extends RequestedDecision {
  readonly refusal: string | null;
}

/** Decisions told apart by what is known under their ids. */
export interface Sifted<Asked> {
  /** To be taken, in their order. */
  readonly fresh: readonly Asked[];
  /** Taken in this very place before, by an attempt that was cut off. */
  readonly done: readonly RecordedDecision[];
  /** How many say again what is known. */
  readonly repeated: number;
  /** They say something else under an id that is taken. */
  readonly contradictory: readonly { readonly decisionId: string; readonly reason: string }[];
}

export function sift<Asked extends RequestedDecision>(
  asked: readonly Asked[],
  recorded: readonly RecordedDecision[],
): Sifted<Asked> {
  const [fresh, done, contradictory] = [new Map<string, Asked>(), new Map<string, RecordedDecision>(), [] as Said[]];
  const known = new Map(recorded.map((decision) => [decision.decisionId, decision]));
  for (const one of asked) {
    const { decisionId, runId, place } = one;
    const before = known.get(decisionId);
    const earlier = before ?? fresh.get(decisionId);
    if (before?.runId === runId && before.place === place) done.set(decisionId, before);
    else if (!earlier) fresh.set(decisionId, one);
    else contradictory.push(...contradiction(one, earlier));
  }
  const repeated = asked.length - fresh.size - done.size - contradictory.length;
  return { fresh: [...fresh.values()], done: [...done.values()], repeated, contradictory };
}

type Said = Sifted<never>["contradictory"][number];

/** None when it is the same, word for word. */
function contradiction(asked: RequestedDecision, known: RequestedDecision): Said[] {
  const members = ["analysisRunId", "dealId", "decision", "reason", "decidedBy"] as const;
  const others = members.filter((member) => asked[member] !== known[member]);
  if (others.length === 0) return [];
  const was = others.map((member) => `${member} ${JSON.stringify(known[member])}`).join(", ");
  const { decisionId } = asked;
  return [{ decisionId, reason: `${decisionId} was given before with ${was}; another decision needs another id` }];
}
