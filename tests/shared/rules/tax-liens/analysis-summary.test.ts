import { describe, expect, test } from "vitest";
import { type AnalysisFindings, analysisSummary } from "#rules/tax-liens/analysis-summary.ts";

const found = (given: Partial<AnalysisFindings> = {}) =>
  analysisSummary({
    budget: "1000.00",
    available: { a: 10, b: 2 },
    failed: 0,
    candidates: 9,
    unmet: { maxLtv: 3 },
    leastCost: null,
    deals: [
      { countyId: "a", deals: 2, cost: "600.00", yieldWeight: "7200", riskWeight: "12000" },
      { countyId: "b", deals: 1, cost: "200.05", yieldWeight: "4001", riskWeight: "2000.50" },
    ],
    ...given,
  });

describe("the summary of an analysis", () => {
  test("sums the deals of all counties exactly, and weights yield and risk by cost", () => {
    expect(found()).toEqual({
      liens: 12,
      failed: 0,
      candidates: 9,
      unmet: { maxLtv: 3 },
      deals: 3,
      cost: "800.05",
      budget: "1000.00",
      averageYield: "14.0004",
      averageRisk: "17.50",
      counties: [
        { countyId: "a", available: 10, deals: 2, cost: "600.00" },
        { countyId: "b", available: 2, deals: 1, cost: "200.05" },
      ],
      notes: [],
    });
  });

  const nothing = { deals: [], candidates: 0 };
  test.each<[string, Partial<AnalysisFindings>]>([
    ["none of the counties has an available lien", { ...nothing, available: { a: 0 }, unmet: {} }],
    [
      "no lien meets the constraints; not met: maxLtv (9), minFace (2), minYield (2)",
      {
        ...nothing,
        unmet: { minYield: 2, minFace: 2, maxLtv: 9 },
      },
    ],
    [
      "the cheapest candidate costs 1000.01, more than the budget of 1000.00 or a county's share of it",
      {
        deals: [],
        leastCost: "1000.01",
      },
    ],
    ["the candidates were sold meanwhile", { deals: [], leastCost: null }],
  ])("says why there are no deals: %s", (reason, given) => {
    const { deals, cost, averageYield, notes } = found(given);
    expect({ deals, cost, averageYield, note: notes[0] }).toEqual({
      deals: 0,
      cost: "0.00",
      averageYield: null,
      note: `there are no deals: ${reason}`,
    });
  });

  test("names counties without available liens, and liens without figures", () => {
    const { notes } = found({ available: { a: 10, b: 0 }, unmet: { dealScore: 4 }, failed: 1 });
    expect(notes).toEqual([
      "b has no available liens",
      "4 liens have no score, most often because they have no valuation",
      "1 liens have no figures, because of the rules of their county",
    ]);
  });
});
