import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LienFacts } from "#rules/tax-liens/lien-for-sale.ts";
import { explainMarks } from "#rules/tax-liens/lien-marks.ts";
import { dealMetrics } from "#rules/tax-liens/lien-metrics.ts";
import { RULE_SETS } from "#rules/tax-liens/rule-sets.ts";

const weights = { ltv: 40, property_type: 20, valuation_age: 15, redemption_time: 15, flags: 10 };
const asOf = "2026-01-01";
/** Arizona, redeemed after 365 days in January 2027: 13 months at 12 % on 1,000 are 130.00. */
const LIEN: LienFacts = {
  status: "available",
  unknownAmounts: [],
  faceAmount: "1000",
  priorLiens: "0",
  penalties: "0",
  premium: "0",
  fees: "0",
  interestRate: "12",
  bidRate: null,
  rules: RULE_SETS.arizona,
  medianRedemptionDays: 365,
  valuation: { value: "10000", day: asOf },
  propertyType: "residential",
  saleDate: null,
  redemptionDeadline: "2029-01-01",
  bankruptcy: false,
  environmental: false,
  codeViolations: false,
  subsequentTaxes: [],
};
const metrics = (given: Partial<LienFacts> = {}) => dealMetrics({ ...LIEN, ...given }, { asOf, weights });

test("a simple lien, computed by hand", () => {
  // LTV 0.1; risk 40 × 0.05 ÷ 0.55 + 20 × 0.2 = 7.636…; yield 130 ÷ 1000; score 50 × (13 ÷ 16 + 0.9236).
  expect(metrics()).toEqual({
    cost: "1000.00",
    ltv: "0.100000",
    implausibleValue: false,
    expectedYield: "13.0000",
    irr: null,
    riskScore: "7.64",
    dealScore: "86.81",
    marks: [],
    explanation: null,
  });
});

test("prior liens and penalties count in the LTV, penalties and fees in the yield", () => {
  const given = { priorLiens: "300", penalties: "200", fees: "20" };
  // Cost 1,020; profit 130 + 200 − 20 = 310.
  expect(metrics(given)).toMatchObject({ cost: "1020.00", ltv: "0.150000", expectedYield: "30.3922" });
});

describe("a premium", () => {
  test("is lost in Colorado, so that the yield may be negative, which counts as 0 in the score", () => {
    const lost = metrics({ rules: RULE_SETS.colorado, premium: "250" });
    // (130 − 250) ÷ 1250; 50 × (0 + 0.9236).
    expect(lost).toMatchObject({ cost: "1250.00", expectedYield: "-9.6000", dealScore: "46.18" });
  });

  test("is paid back in Indiana with 5 %, besides 15 % on the minimum bid", () => {
    expect(metrics({ rules: RULE_SETS.indiana, premium: "1000" })).toMatchObject({
      cost: "2000.00",
      expectedYield: "10.0000",
    });
  });
});

describe("the rate, whose interest is rounded to the cent,", () => {
  test.each([
    ["the lien's own", { interestRate: "12", bidRate: "4" }, "13.0000"],
    ["else the one that won", { interestRate: null, bidRate: "4" }, "4.3330"],
    ["else the most that the state allows", { interestRate: null, bidRate: null }, "17.3330"],
  ])("is %s", (_, given, expectedYield) => {
    expect(metrics(given)).toMatchObject({ expectedYield });
  });

  test("is a penalty for each half-year in Illinois, and 18 % a year the most", () => {
    const illinois = metrics({ rules: RULE_SETS.illinois, interestRate: null, bidRate: "9" });
    expect(illinois).toMatchObject({ expectedYield: "18.0000", dealScore: "96.18" });
  });

  test("is unknown elsewhere unless the list has it: then there is no yield", () => {
    const other = metrics({ rules: RULE_SETS.other, interestRate: null });
    expect(other).toMatchObject({ expectedYield: null, riskScore: "7.64", dealScore: null });
    expect(other.explanation).toBe(
      "neither the list nor the county's rules state a rate: no yield or score; the county's rules state no maximum rate: no score",
    );
  });
});

test("the time to redemption is the county's median, else the state's period, else a year", () => {
  const days = (given: Partial<LienFacts>) =>
    metrics({ medianRedemptionDays: null, redemptionDeadline: null, fees: "100", ...given });
  // 37 months at 1 % less 10 %, over 1,096 days of cost 1,100.
  expect(days({ rules: RULE_SETS.arizona }).expectedYield).toBe("8.1744");
  expect(days({ rules: RULE_SETS.other }).expectedYield).toBe("1.8182");
});

describe("a property's value", () => {
  test("is missing: LTV, risk and score as well, the yield is not", () => {
    expect(metrics({ valuation: null })).toEqual({
      cost: "1000.00",
      ltv: null,
      implausibleValue: false,
      expectedYield: "13.0000",
      irr: null,
      riskScore: null,
      dealScore: null,
      marks: ["no_valuation"],
      explanation: "the property has no valuation: no LTV, risk or score",
    });
  });

  test.each([
    ["1000", "1.000000", false],
    ["999.99", "1.000010", true],
    ["40", "25.000000", true],
  ])("of %s makes an LTV of %s, implausible: %s", (value, ltv, implausibleValue) => {
    const found = metrics({ valuation: { value, day: asOf } });
    expect(found).toMatchObject({ ltv, implausibleValue, riskScore: "44.00" });
  });

  test("of 0 gives no LTV and the highest risk", () => {
    const found = metrics({ valuation: { value: "0", day: asOf } });
    expect(found).toMatchObject({ ltv: null, implausibleValue: true, riskScore: "44.00" });
    expect(found.explanation).toContain("the value of the property is 0");
  });
});

describe("with subsequent taxes", () => {
  test("the internal rate of return is computed from the dated flows", () => {
    // −1000; −500 half-way (2 July, 7 months of it at 1 %); back 1130 + 535 after 365 days.
    const given = { subsequentTaxes: [{ day: "2026-07-02", amount: "500" }] };
    expect(Number(metrics(given).irr)).toBeCloseTo(13.27, 1);
  });

  test("taxes after the redemption are not paid", () => {
    const taxes = [{ day: "2026-07-02", amount: "500" }];
    const later = [...taxes, { day: "2028-01-01", amount: "900" }];
    expect(metrics({ subsequentTaxes: later })).toEqual(metrics({ subsequentTaxes: taxes }));
  });
});

describe("past the redemption deadline", () => {
  const lapsed = metrics({ saleDate: "2022-06-01", redemptionDeadline: "2025-12-31" });

  test("a lien is marked, has no yield, the full risk for it, and a score that counts the yield as 0", () => {
    // Risk 3.636… + 4 + 15; score 50 × (0 + 0.7736).
    expect(lapsed).toMatchObject({ expectedYield: null, riskScore: "22.64", dealScore: "38.68", marks: ["lapsed"] });
    expect(lapsed.explanation).toBe("the time to redeem ended on 2025-12-31: no yield, and the score counts it as 0");
  });

  test("of its own sale, when the list states no deadline", () => {
    const sold = { redemptionDeadline: null, medianRedemptionDays: 200 };
    expect(metrics({ ...sold, saleDate: "2022-12-31" }).marks).toEqual(["lapsed"]);
    expect(metrics({ ...sold, saleDate: "2023-01-01" })).toMatchObject({
      expectedYield: "365.0000",
      marks: ["short_time"],
    });
  });
});

test("no redemption is expected after the last day to redeem", () => {
  // 6 months at 1 % on 1,000 over 150 days, though the median is 365.
  const near = metrics({ saleDate: "2023-05-31", redemptionDeadline: "2026-05-31" });
  expect(near).toMatchObject({ expectedYield: "12.1667", marks: [] });
});

describe("what is missing is marked and never counts as good", () => {
  test.each<[string, Partial<LienFacts>, string[], string]>([
    [
      "a rate, in a state where bids go down",
      { interestRate: null },
      ["assumed_rate"],
      "the highest that the rules allow",
    ],
    [
      "a rate, where the county sets it",
      { interestRate: null, rules: RULE_SETS.maryland },
      ["assumed_rate"],
      "computed with 8 %, the lowest that the law allows",
    ],
    ["a rate within the maximum", { interestRate: "24" }, ["rate_above_maximum"], "computed with 16 %"],
    [
      "a deadline",
      { rules: RULE_SETS.other, redemptionDeadline: null },
      ["no_maximum_rate", "no_deadline"],
      "the risk counts half",
    ],
    ["a sale and a deadline", { redemptionDeadline: null }, ["assumed_sale"], "counts from the purchase"],
    [
      "a redemption history",
      { medianRedemptionDays: null },
      ["no_redemption_history"],
      "assumes the last day to redeem",
    ],
    ["a type", { propertyType: "unknown" }, ["unknown_type"], "counts it as the worst"],
    [
      "columns for flags",
      { bankruptcy: null, codeViolations: null },
      ["unknown_flags"],
      "no column for bankruptcy and code violations",
    ],
    [
      "columns for amounts",
      { unknownAmounts: ["priorLiens", "premium", "fees"] },
      ["unknown_amounts"],
      "no column for prior liens and fees: they count as 0",
    ],
    ["an offer", { status: "redeemed" }, ["not_available"], "has the lien as redeemed"],
  ])("%s", (_, given, marks, meaning) => {
    const lien = { ...LIEN, ...given };
    const found = dealMetrics(lien, { asOf, weights });
    expect(found.marks).toEqual(marks);
    const meanings = explainMarks(lien, asOf, found.marks).map((one) => one.meaning);
    expect(meanings.join("; ")).toContain(meaning);
  });

  test("a face amount of 0 gives no figures", () => {
    expect(metrics({ faceAmount: "0", fees: "10" })).toMatchObject({
      ltv: null,
      expectedYield: null,
      riskScore: null,
      dealScore: null,
      explanation: "the face amount is 0: no LTV, yield, risk or score",
    });
  });

  test("a rate above the maximum gives the same yield as the maximum", () => {
    expect(metrics({ interestRate: "24" }).expectedYield).toBe(metrics({ interestRate: "16" }).expectedYield);
  });
});

test("a higher value never lowers the score, and all scores are between 0 and 100", () => {
  const amount = fc.integer({ min: 1, max: 100_000_000 });
  fc.assert(
    fc.property(amount, amount, amount, fc.integer({ min: 0, max: 900_000 }), (face, value, more, premium) => {
      const lien = { faceAmount: String(face), premium: String(premium) };
      const [low, high] = [value, value + more].map((worth) =>
        metrics({ ...lien, valuation: { value: String(worth), day: asOf } }),
      );
      expect(Number(high!.dealScore)).toBeGreaterThanOrEqual(Number(low!.dealScore));
      expect(Number(low!.dealScore)).toBeGreaterThanOrEqual(0);
      expect(Number(high!.dealScore)).toBeLessThanOrEqual(100);
    }),
  );
});
