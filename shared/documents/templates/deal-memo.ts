import { z } from "zod";
import { counted } from "#text/counted.ts";
import type { Block } from "../document-model.ts";
import { defineTemplate } from "../template.ts";
import {
  capital,
  date,
  day,
  dollars,
  lien,
  lienAndPropertyFacts,
  money,
  nameOf,
  NOTHING,
  percent,
  property,
  score,
  share,
  subjectOf,
  words,
} from "../template-fields.ts";

const context = z.strictObject({
  asOf: date,
  lien,
  property,
  metrics: z.strictObject({
    cost: money,
    ltv: share.nullable(),
    expectedYield: share.nullable(),
    /** Internal rate of return of all payments, when they include taxes of later years. */
    irr: share.nullish(),
    risk: score.nullable(),
    score: score.nullable(),
    /** Why a figure is missing or unreliable. */
    explanation: words.nullish(),
    /** The parts of the risk score, with their maximum. */
    riskParts: z
      .array(z.strictObject({ part: words.min(1), points: score, of: score.optional() }))
      .max(20)
      .default([]),
  }),
  /** What a reader must know first. */
  warnings: z.array(words.min(1)).max(20).default([]),
  /** What is missing or assumed in the figures. */
  limits: z.array(words.min(1)).max(30).default([]),
  /** The computation of the figures, as pairs of figure and formula. */
  workings: z
    .array(z.strictObject({ figure: words.min(1), is: words.min(1) }))
    .max(20)
    .default([]),
  /** The assumptions of the returns below, in a sentence or two. */
  basis: words.nullish(),
  /** The proceeds by the day of redemption. */
  redemptions: z
    .array(
      z.strictObject({
        when: words.min(1),
        on: date,
        /** The computation of the interest. */
        basis: words.nullish(),
        interest: money,
        proceeds: money,
        annualYield: share.nullable(),
      }),
    )
    .max(60)
    .default([]),
  cashFlows: z
    .array(z.strictObject({ date, what: words.min(1), amount: money }))
    .max(1_000)
    .default([]),
  /** The county's rules, as pairs of title and text. */
  rules: z
    .array(z.strictObject({ rule: words.min(1), is: words.min(1) }))
    .max(20)
    .default([]),
  /** The rank in the analysis that found the deal, and the decisions since then. */
  deal: z
    .strictObject({
      rank: z.int().positive(),
      deals: z.int().positive(),
      status: words.min(1),
      decisions: z
        .array(z.strictObject({ on: date, decision: words.min(1), by: words.min(1), reason: words.nullish() }))
        .max(200)
        .default([]),
    })
    .nullish(),
});
type Context = z.output<typeof context>;
export type DealMemoFacts = z.input<typeof context>;

/** A memo for an investor who decides on one certificate. */
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
  heading: ({ lien, property, asOf }) => ({
    title: `Deal memo: ${nameOf(lien, property)}`,
    subtitle: `${lien.county}, ${lien.state} \u00b7 tax year ${lien.taxYear} \u00b7 as of ${day(asOf)}`,
  }),
  blocks: (facts, words) => [
    ...facts.warnings.map((text) => ({ kind: "paragraph", tone: "warning", text }) as const),
    ...keyFigures(facts),
    { kind: "heading", text: "Summary" },
    { kind: "paragraph", text: words.summary },
    ...(facts.metrics.explanation
      ? [{ kind: "paragraph", text: facts.metrics.explanation, tone: "note" } as const]
      : []),
    ...lienAndPropertyFacts(facts.lien, facts.property),
    ...workings(facts),
    ...returns(facts),
    { kind: "heading", text: "Risk" },
    { kind: "paragraph", text: words.risks },
    ...riskChart(facts),
    ...limits(facts),
    ...rules(facts),
    ...decisions(facts),
  ],
});

function keyFigures({ metrics }: Context): Block[] {
  return [
    {
      kind: "figures",
      figures: [
        { label: "Deal score", value: points(metrics.score), note: "of 100, higher is better" },
        { label: "Expected yield", value: percent(metrics.expectedYield), note: "a year, simple" },
        { label: "Loan to value", value: percent(metrics.ltv), note: "all liens to property value" },
        { label: "Risk", value: points(metrics.risk), note: "of 100, lower is better" },
      ],
    },
  ];
}

function workings({ workings, metrics }: Context): Block[] {
  const facts = workings.length
    ? workings.map(({ figure, is }) => [figure, is] as const)
    : ([["Cost", dollars(metrics.cost)]] as const);
  return [{ kind: "facts", lists: [{ title: "Computation", facts }] }];
}

function limits({ limits }: Context): Block[] {
  if (limits.length === 0) return [];
  return [
    { kind: "heading", text: "What is missing or assumed" },
    { kind: "paragraph", text: limits.map((limit) => `\u2022 ${limit}`).join("\n") },
  ];
}

function returns({ basis, redemptions, cashFlows, metrics }: Context): Block[] {
  const earned: Block = {
    kind: "table",
    columns: [
      { title: "Redeemed", align: "left", share: 1.5 },
      { title: "On", align: "left", share: 1.6 },
      { title: "Interest of", align: "left", share: 1.4 },
      { title: "Interest", align: "right", share: 1 },
      { title: "Paid back", align: "right", share: 1.1 },
      { title: "Yield a year", align: "right", share: 0.95 },
    ],
    rows: redemptions.map(({ when, on, basis, interest, proceeds, annualYield }) => [
      ...[capital(when), day(on), basis ?? NOTHING, dollars(interest), dollars(proceeds), percent(annualYield)],
    ]),
  };
  const flows: Block = {
    kind: "table",
    columns: [
      { title: "Date", align: "left", share: 1.5 },
      { title: "Expected cash flow", align: "left", share: 3.5 },
      { title: "Amount", align: "right", share: 1 },
    ],
    rows: cashFlows.map(({ date, what, amount }) => [day(date), what, dollars(amount)]),
  };
  if (redemptions.length + cashFlows.length === 0) return [];
  return [
    { kind: "heading", text: "Return" },
    ...(basis ? [{ kind: "paragraph", text: basis } as const] : []),
    ...(redemptions.length ? [earned] : []),
    ...(cashFlows.length ? [flows] : []),
    ...(metrics.irr == null
      ? []
      : [{ kind: "paragraph", text: `Internal rate of return of these payments: ${percent(metrics.irr)}.` } as const]),
  ];
}

function riskChart({ metrics: { riskParts } }: Context): Block[] {
  if (riskParts.length === 0) return [];
  const bars = riskParts.map(({ part, points: value, of }) => ({
    label: part,
    value,
    of,
    shown: of === undefined ? points(value) : `${points(value)} of ${of}`,
  }));
  return [{ kind: "chart", title: "What the risk score consists of, in points", bars }];
}

function rules({ rules }: Context): Block[] {
  if (rules.length === 0) return [];
  return [
    { kind: "facts", lists: [{ title: "The county's rules", facts: rules.map(({ rule, is }) => [rule, is]) }] },
    {
      kind: "paragraph",
      tone: "note",
      text: "Computed from the county's list and these rules; no legal advice. Verify both with the county before money moves.",
    },
  ];
}

function decisions({ deal }: Context): Block[] {
  if (!deal) return [];
  const columns = [
    { title: "Date", align: "left", share: 1.3 },
    { title: "Decision", align: "left", share: 1 },
    { title: "By", align: "left", share: 1 },
    { title: "Reason", align: "left", share: 2.7 },
  ] as const;
  const rows = deal.decisions.map(({ on, decision, by, reason }) => [
    day(on),
    capital(decision),
    by,
    reason ?? NOTHING,
  ]);
  const place = `Ranked ${deal.rank} of ${counted(deal.deals, "deal")} of its analysis; its status is ${deal.status}.`;
  return [
    { kind: "heading", text: "The deal" },
    { kind: "paragraph", text: rows.length ? place : `${place} There is no decision yet.` },
    ...(rows.length ? [{ kind: "table", columns, rows } as const] : []),
  ];
}

function summary({ lien, property, metrics }: Context): string {
  const bears = lien.rate === null ? "" : ` at ${percent(lien.rate)}`;
  const has =
    metrics.expectedYield === null
      ? "No yield can be stated."
      : `It is expected to yield ${percent(metrics.expectedYield)} a year.`;
  const secured =
    metrics.ltv === null
      ? "Without a usable valuation of the property, loan to value is unknown."
      : `The known liens together come to ${percent(metrics.ltv)} of the property's value, ${dollars(property.value)}.`;
  return `${subjectOf(lien, property)} has a face amount of ${dollars(lien.face)}${bears} and costs ${dollars(metrics.cost)}. ${has} ${secured}`;
}

function risks({ metrics }: Context): string {
  if (metrics.risk === null) return "The risk has not been scored.";
  const [largest] = metrics.riskParts.toSorted((a, b) => b.points - a.points);
  return `The risk score is ${points(metrics.risk)} of 100.${largest ? ` The largest part of it, ${points(largest.points)} points, comes from: ${largest.part}.` : ""}`;
}

function points(value: number | null): string {
  return value === null ? NOTHING : value.toFixed(1);
}
