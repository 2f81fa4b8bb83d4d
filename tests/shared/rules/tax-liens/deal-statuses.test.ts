import { expect, test } from "vitest";
import { DEAL_STATUSES, type Decision, transitionRefusal } from "#rules/tax-liens/deal-statuses.ts";

test("exactly these transitions are allowed", () => {
  const decisions = DEAL_STATUSES.filter((status): status is Decision => status !== "candidate");
  const allowed = DEAL_STATUSES.flatMap((from) =>
    decisions.filter((to) => transitionRefusal(from, to) === null).map((to) => `${from} → ${to}`),
  );
  expect(allowed).toEqual([
    ...["candidate → watchlist", "candidate → approved", "candidate → rejected"],
    ...["watchlist → approved", "watchlist → rejected"],
    ...["approved → purchased", "approved → withdrawn"],
    ...["purchased → redeemed", "purchased → foreclosed", "purchased → written_off"],
  ]);
});

test("a refusal names the allowed transitions", () => {
  expect(transitionRefusal("candidate", "purchased")).toBe(
    "a deal that is candidate can become approved, rejected, watchlist, not purchased",
  );
  expect(transitionRefusal("approved", "approved")).toBe(
    "a deal that is approved can become purchased, withdrawn, not approved",
  );
  expect(transitionRefusal("redeemed", "written_off")).toBe("the deal is redeemed, which is final");
});
