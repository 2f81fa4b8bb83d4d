import { describe, expect, test } from "vitest";
import { constraintsSchema, unmetConstraint } from "#rules/tax-liens/constraints.ts";

const WANTED = { budget: "10000", counties: ["coconino-az"] };

describe("constraints", () => {
  test("require only a budget and counties", () => {
    expect(constraintsSchema.parse(WANTED)).toEqual(WANTED);
  });

  test.each([
    ["budget", { budget: "0.00" }],
    ["budget", { budget: "-1" }],
    ["budget", { budget: "1.005" }],
    ["counties", { counties: [] }],
    ["counties", { counties: ["a", "a"] }],
    ["minYield", { minYield: -1 }],
    ["maxLtv", { maxLtv: 0 }],
    ["maxRiskScore", { maxRiskScore: 101 }],
    ["maxFace", { minFace: "100", maxFace: "99.99" }],
    ["maxFace", { minFace: "1", maxFace: "a lot" }],
    ["minFace", { minFace: "10000.01" }],
    ["minFace", { minFace: "2500.01", maxCountyShare: 0.25 }],
    ["propertyTypes", { propertyTypes: ["castle"] }],
    ["maxDeals", { maxDeals: 0 }],
    ["maxCountyShare", { maxCountyShare: 1.1 }],
  ])("refuse a wrong %s: %j", (field, given) => {
    const read = constraintsSchema.safeParse({ ...WANTED, ...given });
    expect(read.error?.issues.map(({ path }) => path[0])).toEqual([field]);
  });

  test("refuse unknown fields", () => {
    expect(constraintsSchema.safeParse({ ...WANTED, maxYield: 3 }).success).toBe(false);
  });
});

describe("an offer", () => {
  const offer = {
    faceAmount: "1000.00",
    propertyType: "residential" as const,
    expectedYield: "13.0000",
    ltv: "0.400000",
    riskScore: "30.00",
    dealScore: "80.00",
    marks: [],
  };
  const unmet = (given: object, wanted: object) => unmetConstraint({ ...offer, ...given }, { ...WANTED, ...wanted });

  test("at each limit meets it", () => {
    const limits = { minFace: "1000", maxFace: "1000", minYield: 13, maxLtv: 0.4, maxRiskScore: 30 };
    expect(unmet({}, { ...limits, propertyTypes: ["residential"] })).toBeNull();
  });

  test("past its deadline meets them only where the investor admits such liens", () => {
    expect(unmet({ marks: ["lapsed"], expectedYield: null }, { includeLapsed: true })).toBeNull();
  });

  test.each([
    ["minFace", { faceAmount: "999.99" }, { minFace: "1000" }],
    ["maxFace", { faceAmount: "1000.01" }, { maxFace: "1000" }],
    ["propertyTypes", { propertyType: "unknown" }, { propertyTypes: ["residential"] }],
    ["minYield", { expectedYield: "12.9999" }, { minYield: 13 }],
    ["minYield", { expectedYield: null }, { minYield: 0 }],
    ["maxLtv", { ltv: "0.400001" }, { maxLtv: 0.4 }],
    ["maxLtv", { ltv: null }, { maxLtv: 100 }],
    ["maxRiskScore", { riskScore: "30.01" }, { maxRiskScore: 30 }],
    ["dealScore", { dealScore: null }, {}],
    ["no_valuation", { dealScore: null, marks: ["no_valuation", "assumed_rate"] }, {}],
    ["lapsed", { marks: ["lapsed"], expectedYield: null }, {}],
    ["lapsed", { marks: ["lapsed", "no_valuation"], dealScore: null }, { includeLapsed: false }],
    ["minYield", { marks: ["lapsed"], expectedYield: null }, { includeLapsed: true, minYield: 0 }],
  ])("fails %s with %j", (constraint, given, wanted) => {
    expect(unmet(given, wanted)).toBe(constraint);
  });
});
