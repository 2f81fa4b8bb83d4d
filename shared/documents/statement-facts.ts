import { Decimal } from "decimal.js";
import type { AnalysisRun } from "#data/tax-liens/analysis-run-schema.ts";
import type { LienForMetrics } from "#data/tax-liens/deal-metrics.ts";
import type { BoughtDeal } from "#data/tax-liens/document-subjects.ts";
import { type CivilDate, civilDateIn, daysBetween } from "#rules/civil-date.ts";
import { withRules } from "#rules/tax-liens/county-rules.ts";
import { type Deadline, deadlineOf, redemptionOn } from "#rules/tax-liens/redemption.ts";
import { cents } from "./stored-values.ts";
import type { StatementFacts } from "./templates/portfolio-statement.ts";

/** The day of a statement, the time zone of days, and the maximum age of a valuation in days. */
export interface StatementOn {
  readonly asOf: CivilDate;
  readonly zone: string;
  readonly staleDays: number;
}

/**
 * The facts of a statement of the bought deals of an analysis. Net asset value = cost + interest accrued since the
 * purchase by the county's rules − write-offs.
 * @param terms the terms of each deal's lien
 * @throws RangeError for invalid rules of a county
 */
export function statementFacts(
  { analysis, bought }: { analysis: AnalysisRun; bought: readonly BoughtDeal[] },
  terms: readonly LienForMetrics[],
  { asOf, zone, staleDays }: StatementOn,
): StatementFacts {
  const termsOf = new Map(terms.map((one) => [one.lienId, one]));
  const holdings = bought.map(({ deal, certificate, county, purchasedAt }) => {
    const lien = withRules(termsOf.get(deal.lienId)!);
    const isWrittenOff = deal.status === "written_off";
    const since = purchasedAt ?? (isWrittenOff ? null : deal.statusAt);
    const purchasedOn = since && civilDateIn(zone, since);
    const isEarning = !isWrittenOff && purchasedOn !== null && purchasedOn <= asOf;
    const earned = isEarning ? redemptionOn(lien, { from: purchasedOn, until: asOf }) : null;
    const age = lien.valuation && daysBetween(lien.valuation.day, asOf);
    return {
      isLapsed: !isWrittenOff && isPast(deadlineOf(lien, purchasedOn ?? asOf), asOf),
      isUnvalued: !isWrittenOff && (age === null || age > staleDays),
      shown: {
        certificate,
        county,
        purchasedOn,
        book: cents(deal.cost),
        accrued: cents(earned?.interest ?? 0),
        writeDown: cents(isWrittenOff ? deal.cost : 0),
      },
    };
  });
  const total = (of: "book" | "accrued" | "writeDown") =>
    holdings.reduce((sum, { shown }) => sum.plus(shown[of]), new Decimal(0));
  const [book, accrued, writeDowns] = [total("book"), total("accrued"), total("writeDown")];
  return {
    asOf,
    portfolio: `deals of ${analysis.recipient}, analysis of ${analysis.asOf}`,
    nav: cents(book.plus(accrued).minus(writeDowns)),
    book: cents(book),
    accrued: cents(accrued),
    writeDowns: cents(writeDowns),
    holdings: holdings.map(({ shown }) => shown),
    lapsed: holdings.filter(({ isLapsed }) => isLapsed).map(({ shown }) => shown.certificate),
    unvalued: holdings.filter(({ isUnvalued }) => isUnvalued).map(({ shown }) => shown.certificate),
  };
}

function isPast({ day, from }: Deadline, asOf: CivilDate): boolean {
  return day !== null && from !== "purchase" && day < asOf;
}
