export const DEAL_STATUSES = [
  "candidate",
  "watchlist",
  "approved",
  "rejected",
  "purchased",
  "withdrawn",
  "redeemed",
  "foreclosed",
  "written_off",
] as const;
export type DealStatus = (typeof DEAL_STATUSES)[number];
/** A decision has the name of the status that it sets. */
export type Decision = Exclude<DealStatus, "candidate">;

/** The legal transitions of a deal. All others are refused. */
const TRANSITIONS: Readonly<Record<DealStatus, readonly Decision[]>> = {
  // Found by an analysis, without a decision.
  candidate: ["approved", "rejected", "watchlist"],
  // To be reviewed again before the decision.
  watchlist: ["approved", "rejected"],
  // To be bought: the purchase succeeds or fails.
  approved: ["purchased", "withdrawn"],
  // Held: the owner redeems it, the property is foreclosed, or neither will happen.
  purchased: ["redeemed", "foreclosed", "written_off"],
  rejected: [],
  withdrawn: [],
  redeemed: [],
  foreclosed: [],
  written_off: [],
};

/** Why a decision is not allowed for a deal in a status; null when it is. */
export function transitionRefusal(from: DealStatus, decision: Decision): string | null {
  const allowed = TRANSITIONS[from];
  if (allowed.includes(decision)) return null;
  if (allowed.length === 0) return `the deal is ${from}, which is final`;
  return `a deal that is ${from} can become ${allowed.join(", ")}, not ${decision}`;
}
