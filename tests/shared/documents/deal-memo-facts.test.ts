import fc from "fast-check";
import { expect, it } from "vitest";
import { dealMemoFacts } from "#documents/deal-memo-facts.ts";
import { findTemplate } from "#documents/templates.ts";
import { RULE_SET_IDS } from "#rules/tax-liens/rule-sets.ts";
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
