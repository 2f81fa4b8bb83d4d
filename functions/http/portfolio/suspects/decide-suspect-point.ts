import { resolvePoints } from "#data/portfolio/suspect-points.ts";
import { Problem } from "#http/problem.ts";
import { applyDecision } from "#services/portfolio/apply-decision.ts";
import { settleFollowing } from "#services/portfolio/settle-following.ts";
import { suspectRoute } from "./suspect-route.ts";

/** A decision for ever: the same value of the day is not held back, or not stored, again. */
function decision(verb: "release" | "reject", { state, summary }: { state: "accepted" | "rejected"; summary: string }) {
  return suspectRoute(verb, {
    summary,
    async change(tx, held, { reason, caller, at }) {
      if (held.state === state) return undefined;
      if (held.state !== "held") {
        throw new Problem(409, "decided-before", `it was ${held.state} before: ${held.resolution}`);
      }
      const refusal = await applyDecision(tx, held, { state, reason, at });
      if (refusal !== undefined) throw new Problem(409, "not-releasable", refusal);
      const [point] = await resolvePoints(tx, [{ id: held.id, state, resolution: reason, by: caller, at }]);
      if (state === "accepted") await settleFollowing(tx, point!, at);
      return { point: point!, action: `suspect point ${state}`, before: { rule: held.rule }, after: { state } };
    },
  });
}

export const releaseSuspectPoint = decision("release", {
  state: "accepted",
  summary: "Accept a point that is held back, with a reason: it is stored, and what waited for it is valued; audited",
});

export const rejectSuspectPoint = decision("reject", {
  state: "rejected",
  summary: "Reject a point that is held back, with a reason: the same value is not stored again; audited",
});
