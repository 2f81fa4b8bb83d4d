import { describe, expect, test } from "vitest";
import { type AnalysisFindings, analysisSummary } from "#rules/tax-liens/analysis-summary.ts";

const found = (given: Partial<AnalysisFindings> = {}) =>
  analysisSummary({
    budget: "1000.00",
    available: { a: 10, b: 2 },
    failed: 0,
    candidates: 9,
    unmet: { maxLtv: 3 },
    open: { count: 9, leastCost: "10.00" },
    skipped: { budget: 2, maxCountyShare: 1, endedBy: "maxDeals" },
    deals: [
      {
        countyId: "a",
        deals: 2,
        cost: "600.00",
        yieldWeight: "7200",
        yieldCost: "600.00",
        riskWeight: "12000",
        assumedRates: 0,
      },
      {
        countyId: "b",
        deals: 1,
        cost: "200.05",
        yieldWeight: "4001",
        yieldCost: "200.05",
        riskWeight: "2000.50",
        assumedRates: 0,
      },
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
      leftOut: { maxLtv: 3, budget: 2, maxCountyShare: 1, maxDeals: 3 },
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
        open: { count: 9, leastCost: "1000.01" },
      },
    ],
    ["the candidates were sold meanwhile", { deals: [], open: { count: 0, leastCost: null } }],
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
    const unmet = { lapsed: 2, no_valuation: 4, no_rate: 1 };
    const { notes } = found({ available: { a: 10, b: 0 }, unmet, failed: 1 });
    expect(notes).toEqual([
      "b has no available liens",
      "2 liens are past the redemption deadline; includeLapsed admits them",
      "4 liens have no score, because the property has no valuation",
      "1 lien has no score, because neither list nor rules state a rate",
      "1 lien has no figures, because of the rules of the county",
    ]);
  });

  test("counts every lien that is no deal, by its reason", () => {
    const skipped = { budget: 1, maxCountyShare: 0, endedBy: "budget" } as const;
    const { leftOut } = found({
      unmet: { lapsed: 2, maxLtv: 1 },
      failed: 1,
      candidates: 8,
      open: { count: 7, leastCost: "1.00" },
      skipped,
    });
    expect(leftOut).toEqual({ lapsed: 2, maxLtv: 1, countyRules: 1, budget: 4, soldMeanwhile: 1 });
  });

  test("averages the yields of the deals that have one, and counts assumed rates", () => {
    const lapsed = { countyId: "a", deals: 2, cost: "600.00", yieldWeight: "2400", yieldCost: "200.00" };
    const { averageYield, averageRisk, notes } = found({
      deals: [{ ...lapsed, riskWeight: "12000", assumedRates: 1 }],
    });
    expect([averageYield, averageRisk]).toEqual(["12.0000", "20.00"]);
    expect(notes).toEqual(["1 deal is ranked by an assumed rate, because the list states none"]);
  });
});
