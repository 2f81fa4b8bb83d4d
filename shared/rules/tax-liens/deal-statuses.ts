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
/** A decision is named by the status that it leads to. */
export type Decision = Exclude<DealStatus, "candidate">;

/** Where each status may lead. What is not here does not happen. */
const MOVES: Readonly<Record<DealStatus, readonly Decision[]>> = {
  // Found by an analysis, and nobody has said anything.
  candidate: ["approved", "rejected", "watchlist"],
  // Somebody wants to see it again before saying yes or no.
  watchlist: ["approved", "rejected"],
  // To be bought: it is, or the sale did not come to be.
  approved: ["purchased", "withdrawn"],
  // Held: the owner pays, the property is taken, or neither will come.
  purchased: ["redeemed", "foreclosed", "written_off"],
  rejected: [],
  withdrawn: [],
  redeemed: [],
  foreclosed: [],
  written_off: [],
};

/** Why a decision may not be taken about a deal in a status; null when it may. */
export function transitionRefusal(from: DealStatus, decision: Decision): string | null {
  const allowed = MOVES[from];
  if (allowed.includes(decision)) return null;
  if (allowed.length === 0) return `the deal is ${from}, which is final`;
  return `a deal that is ${from} can become ${allowed.join(", ")}, not ${decision}`;
}
