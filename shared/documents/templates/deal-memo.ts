import { z } from "zod";
import {
  date,
  day,
  dollars,
  factTable,
  lien,
  lienFacts,
  money,
  NOTHING,
  percent,
  property,
  propertyFacts,
  score,
  share,
  words,
} from "../facts.ts";
import { defineTemplate } from "../template.ts";

const context = z.strictObject({
  asOf: date,
  lien,
  property,
  metrics: z.strictObject({
    cost: money,
    ltv: share.nullable(),
    expectedYield: share.nullable(),
    risk: score.nullable(),
    score: score.nullable(),
    /** Why a figure is missing or must be read with care. */
    explanation: words.nullish(),
    /** What the risk score consists of. */
    riskParts: z
      .array(z.strictObject({ part: words.min(1), points: score }))
      .max(20)
      .default([]),
  }),
  cashFlows: z
    .array(z.strictObject({ date, what: words.min(1), amount: money }))
    .max(1_000)
    .default([]),
});
type Context = z.output<typeof context>;

/** For an investor who has to decide on one certificate. */
export const dealMemo = defineTemplate({
  context,
  passages: {
    summary: {
      ask: "Two or three sentences for the investor: what is bought, at what cost, for which return, at which risk.",
      written: summary,
    },
    risks: {
      ask: "The two or three risks that weigh most for this certificate, each with the figure that shows it.",
      written: risks,
    },
  },
  heading: ({ lien, asOf }) => ({
    title: `Deal memo: certificate ${lien.certificate}`,
    subtitle: `${lien.county}, ${lien.state} \u00b7 tax year ${lien.taxYear} \u00b7 as of ${day(asOf)}`,
  }),
  blocks: ({ lien, property, metrics, cashFlows }, words) => [
    {
      kind: "figures",
      figures: [
        { label: "Deal score", value: points(metrics.score), note: "of 100, higher is better" },
        { label: "Expected yield", value: percent(metrics.expectedYield), note: "a year, simple" },
        { label: "Loan to value", value: percent(metrics.ltv), note: "all liens to property value" },
        { label: "Risk", value: points(metrics.risk), note: "of 100, lower is better" },
      ],
    },
    { kind: "heading", text: "Summary" },
    { kind: "paragraph", text: words.summary },
    ...(metrics.explanation ? [{ kind: "paragraph", text: metrics.explanation, tone: "note" } as const] : []),
    { kind: "heading", text: "The certificate" },
    factTable([...lienFacts(lien), ["Cost", dollars(metrics.cost)]]),
    { kind: "heading", text: "The property" },
    factTable(propertyFacts(property)),
    { kind: "heading", text: "Risk" },
    { kind: "paragraph", text: words.risks },
    ...(metrics.riskParts.length
      ? [
          {
            kind: "chart",
            title: "What the risk score consists of, in points",
            bars: metrics.riskParts.map(({ part, points: value }) => ({ label: part, value, shown: points(value) })),
          } as const,
        ]
      : []),
    ...(cashFlows.length
      ? [
          { kind: "heading", text: "Expected cash flows" } as const,
          {
            kind: "table",
            columns: [
              { title: "Date", align: "left", share: 1 },
              { title: "What", align: "left", share: 2 },
              { title: "Amount", align: "right", share: 1 },
            ],
            rows: cashFlows.map(({ date, what, amount }) => [day(date), what, dollars(amount)]),
          } as const,
        ]
      : []),
  ],
});

function summary({ lien, property, metrics }: Context): string {
  const has =
    metrics.expectedYield === null
      ? "Its yield cannot be told."
      : `It is expected to yield ${percent(metrics.expectedYield)} a year.`;
  const secured =
    metrics.ltv === null
      ? "There is no valuation of the property, so neither loan to value nor risk can be told."
      : `All liens together come to ${percent(metrics.ltv)} of the property's value, ${dollars(property.value)}.`;
  return `Certificate ${lien.certificate} of ${lien.county} has a face amount of ${dollars(lien.face)} at ${percent(lien.rate)} and costs ${dollars(metrics.cost)}. ${has} ${secured}`;
}

function risks({ metrics }: Context): string {
  if (metrics.risk === null) return "The risk has not been scored.";
  const [largest] = metrics.riskParts.toSorted((a, b) => b.points - a.points);
  return `The risk score is ${points(metrics.risk)} of 100.${largest ? ` The largest part of it, ${points(largest.points)} points, comes from: ${largest.part}.` : ""}`;
}

function points(value: number | null): string {
  return value === null ? NOTHING : String(Math.round(value * 10) / 10);
}
