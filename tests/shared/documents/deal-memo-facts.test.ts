import { load } from "cheerio";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { DealDetails } from "#data/tax-liens/document-subjects.ts";
import { dealMemoFacts, memoOfDeal } from "#documents/deal-memo-facts.ts";
import { dueDiligenceFacts } from "#documents/due-diligence-facts.ts";
import { renderPdf } from "#documents/pdf/render-pdf.ts";
import { renderHtml } from "#documents/render-html.ts";
import { findTemplate } from "#documents/templates.ts";
import { withRules } from "#rules/tax-liens/county-rules.ts";
import { dealFigures } from "#rules/tax-liens/deal-figures.ts";
import { dealMetrics } from "#rules/tax-liens/lien-metrics.ts";
import { RULE_SET_IDS } from "#rules/tax-liens/rule-sets.ts";
import { pagesOf } from "./pdf-text.ts";
import { sampleDocument } from "./sample-document.ts";
import { sampleLien, sampleTerms } from "./sample-lien.ts";

const weights = { ltv: 40, property_type: 20, valuation_age: 15, redemption_time: 15, flags: 10 };
const asOf = "2026-03-10";

/** Decimals as a numeric column may hold them: of any length. */
const amount = (least: number) =>
  fc.tuple(fc.integer({ min: least, max: 2 ** 40 }), fc.stringMatching(/^[0-9]{0,20}$/)).map(([whole, fraction]) => {
    return fraction === "" ? String(whole) : `${whole}.${fraction}`;
  });
const rate = fc.option(
  fc.tuple(fc.nat(99), fc.stringMatching(/^[0-9]{1,20}$/)).map(([whole, part]) => `${whole}.${part}`),
);
const day = fc.option(
  fc.integer({ min: 0, max: 36_500 }).map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10)),
);

it("a memo can be built for any stored lien", () => {
  const lien = fc.record({
    faceAmount: amount(1),
    priorLiens: amount(0),
    penalties: amount(0),
    premium: amount(0),
    fees: amount(0),
    interestRate: rate,
    bidRate: rate,
    saleDate: day,
    redemptionDeadline: day,
  });
  const property = fc.property(
    lien,
    fc.constantFrom(...RULE_SET_IDS),
    fc.option(amount(0)),
    (given, ruleSet, value) => {
      const terms = {
        ...sampleTerms,
        ...given,
        ruleSet,
        valuation: value === null ? null : { value, day: "2026-01-15", provider: "rentcast" },
      };
      const whole = { ...sampleLien, lien: { ...sampleLien.lien, ...given }, valuation: terms.valuation ?? undefined };
      const template = findTemplate("deal_memo");
      const facts = template.context.parse(dealMemoFacts(whole, terms, { asOf, weights }));
      for (const { written } of Object.values(template.passages))
        expect(written(facts as never)).not.toMatch(/NaN|undefined|Infinity/);
      const blocks = template.blocks(facts, { summary: "", risks: "" });
      expect(JSON.stringify(blocks)).not.toMatch(/NaN|Infinity/);
    },
  );
  fc.assert(property);
});

it("the parts of the risk score add up to it", () => {
  const { metrics } = dealMemoFacts(sampleLien, sampleTerms, { asOf, weights });
  const sum = metrics.riskParts!.reduce((points, part) => points + part.points, 0);
  expect(sum).toBeCloseTo(metrics.risk!, 1);
});

const memoOf = async (given: Partial<typeof sampleLien.lien>, facts: Partial<typeof sampleTerms> = {}) => {
  const whole = { ...sampleLien, lien: { ...sampleLien.lien, ...given } };
  const terms = { ...sampleTerms, ...given, ...facts } as typeof sampleTerms;
  const model = sampleDocument("deal_memo", dealMemoFacts(whole, terms, { asOf, weights }));
  return { model, pages: await pagesOf(await renderPdf(model)), html: load(renderHtml(model)).text() };
};

it("a memo names the parcel where the county issues no certificate", async () => {
  const { model, pages } = await memoOf({ certificateNumber: null, identity: "304-12-118" });
  expect(model.title).toBe("Deal memo: parcel 304-12-118");
  expect(pages.join(" ")).toContain("The lien on parcel 304-12-118 of Saguaro County");
});

it("a memo warns at its top of a lien past its last day to redeem, and of one near it", async () => {
  const lapsed = await memoOf({ saleDate: "2022-06-01", redemptionDeadline: "2025-06-01" });
  expect(lapsed.model.blocks[0]).toMatchObject({ tone: "warning" });
  for (const text of [lapsed.pages[0], lapsed.html]) {
    expect(text).toContain("The time to redeem ended on June 1, 2025");
    expect(text).not.toContain("expected to yield");
  }
  const near = await memoOf({ saleDate: "2023-03-11", redemptionDeadline: "2026-03-11" });
  expect(near.pages[0]).toContain("The time to redeem ends on March 11, 2026, in 1 day.");
});

it("a memo shows the computation of each figure, with premium, fees and penalties", async () => {
  const { pages, html } = await memoOf({ penalties: "100", premium: "50" }, { ruleSet: "colorado" });
  for (const text of [pages.join(" "), html]) {
    expect(text).toContain("face $4,210.55 + premium $50.00 + fees $185.00 = $4,445.55");
    expect(text).toMatch(
      /interest \$[\d,.]+ \+ penalties \$100.00 \u2212 fees \$185.00 \u2212 premium \$50.00\) \u00f7 cost \$4,445.55/,
    );
  }
});

it("the memo of a deal notes taxes of later years that its figures do not count", () => {
  const { cost, dealScore, ...figures } = dealMetrics(withRules(sampleTerms), { asOf, weights });
  const deal = { cost, score: dealScore!, metrics: dealFigures(figures, asOf), rank: 1, status: "proposed" };
  const details = { deal, deals: 1, decisions: [] } as unknown as DealDetails;
  const explanationOf = (terms: typeof sampleTerms) =>
    memoOfDeal(details, dealMemoFacts(sampleLien, terms, { asOf, weights }), "UTC").metrics.explanation;
  expect(explanationOf(sampleTerms)).toBeNull();
  const subsequentTaxes = [{ day: "2026-06-01", amount: "500" }];
  expect(explanationOf({ ...sampleTerms, subsequentTaxes })).toContain("has changed since these figures were computed");
});

it("a memo says what its value is: a valuation with provider and day, or the assessment of the county", async () => {
  const valued = await memoOf({});
  expect(valued.html).toContain("Valuation by rentcast");
  const whole = { ...sampleLien, valuation: undefined };
  const assessed = dealMemoFacts(whole, { ...sampleTerms, valuation: null }, { asOf, weights });
  expect(assessed.property).toMatchObject({ valueSource: "assessment by the county, in its last list; no valuation" });
});

it("a memo has a short reference and its recipient, not the id of the document", async () => {
  const { pages, html } = await memoOf({});
  for (const text of [pages[0], html]) {
    expect(text).toContain("DM-2026-03-10-2A9C01");
    expect(text).toContain("Prepared for ada");
    expect(text).not.toContain("01983a2e");
  }
});

it("a memo has no nearly empty last page, and a heading is on the page of its table", async () => {
  const legal = (words: number) => "LOT 14 BLK 3 ".repeat(words);
  for (const count of [0, 20, 40, 60, 80, 100, 120]) {
    const whole = { ...sampleLien, property: { ...sampleLien.property, legalDescription: legal(count) } };
    const pdf = await renderPdf(sampleDocument("deal_memo", dealMemoFacts(whole, sampleTerms, { asOf, weights })));
    const pages = await pagesOf(pdf);
    const table = pages.find((text) => text.includes("Yield a year"))!;
    expect(table).toMatch(/Return .*Redeemed .*After 1 month/);
    // The last page has at least the rules of the county.
    expect(pages.at(-1)!.length).toBeGreaterThan(300);
  }
});

it("due diligence passes no check for which the list has no column, and fails a lien past its last day", () => {
  const county = { ...sampleLien.county, source: { fields: { bankruptcy: "B" } } };
  const lien = { ...sampleLien.lien, saleDate: "2022-06-01", redemptionDeadline: "2025-06-01" };
  const property = { ...sampleLien.property, codeViolations: false };
  const { checks } = dueDiligenceFacts({ ...sampleLien, county, lien, property }, asOf);
  const results = Object.fromEntries(checks!.map(({ check, result }) => [check, result]));
  expect(results).toMatchObject({
    Redemption: "fail",
    "Bankruptcy of the owner": "pass",
    "Environmental lists": "unknown",
    "Code violations": "unknown",
  });
});
