import { Problem } from "#http/problem.ts";
import { withdrawDecision } from "#services/portfolio/withdraw-decision.ts";
import { suspectRoute } from "./suspect-route.ts";

/** Undoes a decision that was a mistake. */
export const withdrawSuspectPoint = suspectRoute("withdraw", {
  summary:
    "Take the decision about a point back, with a reason: it is held again, and what bought or was valued on it is " +
    "computed again; audited",
  async change(tx, decided, { reason, caller: by, at }) {
    const { state, resolution, resolvedBy } = decided;
    if (state === "held") return undefined;
    const withdrawn = await withdrawDecision(tx, decided, { reason, by, at });
    if (typeof withdrawn === "string") throw new Problem(409, "not-withdrawable", withdrawn);
    const { point, ...reopened } = withdrawn;
    return {
      point,
      action: "suspect point withdrawn",
      before: { state, resolution, resolvedBy },
      after: { state: point.state, ...reopened },
    };
  },
});
