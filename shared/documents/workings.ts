import { Decimal } from "decimal.js";
import type { CivilDate } from "#rules/civil-date.ts";
import type { LienFacts } from "#rules/tax-liens/lien-for-sale.ts";
import type { DealMetrics } from "#rules/tax-liens/lien-metrics.ts";
import type { Redemption } from "#rules/tax-liens/redemption.ts";
import { interestBasis } from "#rules/tax-liens/return-cases.ts";
import { counted } from "#text/counted.ts";
import { cents, shareOf } from "./stored-values.ts";
import { day, dollars, percent } from "./template-fields.ts";

/** The figures of a lien with the numbers from which they follow, so that a reader can compute them again. */
export function workingsOf(
  lien: LienFacts,
  { cost, ltv, expectedYield, riskScore, dealScore }: DealMetrics,
  { asOf, expected }: { asOf: CivilDate; expected: Redemption | null },
): { figure: string; is: string }[] {
  const { faceAmount: face, premium, fees, penalties, priorLiens, rules, valuation } = lien;
  const money = (amount: Decimal.Value) => dollars(cents(amount));
  const workings = [
    { figure: "Cost", is: `face ${money(face)} + premium ${money(premium)} + fees ${money(fees)} = ${money(cost)}` },
  ];
  if (ltv !== null && valuation) {
    const liens = `face ${money(face)} + prior liens ${money(priorLiens)} + penalties ${money(penalties)}`;
    workings.push({
      figure: "Loan to value",
      is: `(${liens}) \u00f7 value ${money(valuation.value)} = ${percent(ltv)}`,
    });
  }
  if (!expected || expectedYield === null) return workings;
  const basis = interestBasis(lien, { from: asOf, until: expected.day }).replaceAll(" %", "%");
  const lost = rules.premium === "lost" ? ` \u2212 premium ${money(premium)}` : "";
  const profit = `interest ${money(expected.interest)} + penalties ${money(penalties)} \u2212 fees ${money(fees)}${lost}`;
  const time = `365 \u00f7 ${counted(expected.days, "day")}`;
  workings.push(
    { figure: "Interest", is: `${basis} on ${money(face)} by ${day(expected.day)} = ${money(expected.interest)}` },
    {
      figure: "Expected yield",
      is: `(${profit}) \u00f7 cost ${money(cost)} \u00d7 ${time} = ${percent(shareOf(expectedYield))}`,
    },
  );
  if (dealScore === null || riskScore === null || rules.maxAnnualReturn === null) return workings;
  const best = rules.maxAnnualReturn;
  const share = best === 0 ? new Decimal(0) : Decimal.max(0, Decimal.min(1, new Decimal(expectedYield).div(best)));
  const most = share.eq(1) ? ", at most 1," : "";
  const earned = `50 \u00d7 ${share.toFixed(4)} (yield \u00f7 ${best}%${most})`;
  workings.push({
    figure: "Deal score",
    is: `${earned} + 50 \u00d7 (1 \u2212 ${riskScore} \u00f7 100) = ${dealScore}`,
  });
  return workings;
}
