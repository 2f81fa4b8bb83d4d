import fc from "fast-check";
import { expect, it } from "vitest";
import { decide, deduplicate, type RecordedDecision, type RequestedDecision } from "#rules/tax-liens/deal-decisions.ts";
import { DEAL_STATUSES, type Decision, transitionRefusal } from "#rules/tax-liens/deal-statuses.ts";

const RUN = "01a20252-6417-76d3-9a6d-062b59e45fe5";
const OTHER = "01a20252-678f-7622-b2d3-e7c19e8d11a9";
const given = (decisionId: string, dealId: number, decision: Decision, more: Partial<RequestedDecision> = {}) => ({
  decisionId,
  dealId,
  decision,
  reason: "a reason",
  decidedBy: "user" as const,
  analysisRunId: RUN,
  runId: RUN,
  position: 0,
  ...more,
});
const recorded = (...args: Parameters<typeof given>): RecordedDecision => ({ ...given(...args), refusal: null });

it("each decision sees the status that the previous one set", () => {
  const decisions = [
    given("1", 7, "approved"),
    given("2", 7, "rejected"),
    given("3", 7, "purchased"),
    given("4", 8, "purchased"),
    given("5", 9, "approved"),
  ];
  const verdicts = decide(decisions, new Map([[7, "candidate"] as const, [8, "watchlist"] as const]));
  expect(verdicts.map(({ from, refusal }) => [from, refusal])).toEqual([
    ["candidate", null],
    ["approved", "a deal that is approved can become purchased, withdrawn, not rejected"],
    ["approved", null],
    ["watchlist", "a deal that is watchlist can become approved, rejected, not purchased"],
    [null, "there is no deal 9 in this analysis"],
  ]);
});

it("for any decisions, deals change only by the table, and each decision gets an outcome", () => {
  const decisions = DEAL_STATUSES.filter((status): status is Decision => status !== "candidate");
  fc.assert(
    fc.property(
      fc.array(fc.record({ dealId: fc.integer({ min: 1, max: 4 }), decision: fc.constantFrom(...decisions) })),
      fc.array(fc.constantFrom(...DEAL_STATUSES), { minLength: 3, maxLength: 3 }),
      (asked, found) => {
        const statuses = new Map(found.map((status, i) => [i + 1, status]));
        const verdicts = decide(
          asked.map(({ dealId, decision }, i) => given(String(i), dealId, decision)),
          statuses,
        );
        expect(verdicts).toHaveLength(asked.length);
        for (const { given: one, from, refusal } of verdicts) {
          expect(from).toBe(statuses.get(one.dealId) ?? null);
          if (from !== null) expect(refusal).toBe(transitionRefusal(from, one.decision));
          else expect(refusal).not.toBeNull();
          if (refusal === null) statuses.set(one.dealId, one.decision);
        }
      },
    ),
  );
});

it("decisions are grouped by what is recorded under their ids", () => {
  const asked = [
    given("new", 1, "approved", { position: 0 }),
    given("of an attempt that was cut off", 2, "approved", { position: 1 }),
    given("of another run", 3, "approved", { position: 2 }),
    given("new", 1, "approved", { position: 3 }),
    given("new", 1, "rejected", { position: 4 }),
    given("of another run", 4, "approved", { position: 5, reason: "another" }),
    given("of another analysis", 5, "approved", { position: 6 }),
  ];
  const known = [
    recorded("of an attempt that was cut off", 2, "approved", { position: 1 }),
    recorded("of another run", 3, "approved", { runId: OTHER, position: 9 }),
    recorded("of another analysis", 5, "approved", { runId: OTHER, analysisRunId: OTHER }),
  ];
  const { fresh, done, repeated, contradictory } = deduplicate(asked, known);
  expect(fresh).toEqual([asked[0]]);
  expect(done).toEqual([known[0]]);
  expect(repeated).toBe(2);
  expect(contradictory).toEqual([
    { decisionId: "new", reason: 'new was given before with decision "approved"; another decision needs another id' },
    {
      decisionId: "of another run",
      reason: 'of another run was given before with dealId 3, reason "a reason"; another decision needs another id',
    },
    {
      decisionId: "of another analysis",
      reason: `of another analysis was given before with analysisRunId "${OTHER}"; another decision needs another id`,
    },
  ]);
});
