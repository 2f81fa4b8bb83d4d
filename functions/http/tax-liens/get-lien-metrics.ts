import { z } from "zod";
import { findMetrics, liensForMetrics } from "#data/tax-liens/deal-metrics.ts";
import { LIEN_STATUSES, PROPERTY_TYPES } from "#data/tax-liens/tax-lien-schema.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { effectiveSettings } from "#jobs/changeable-settings.ts";
import { serialField } from "#rules/input-fields.ts";
import { metricsReport } from "#rules/tax-liens/metrics-report.ts";

/** An exact decimal as text: a JSON number would become a binary fraction. */
const decimal = z.string();
const flag = z.boolean().nullable().describe("Null: the county's list has no such column");

const inputs = z.object({
  status: z.enum(LIEN_STATUSES),
  faceAmount: decimal,
  priorLiens: decimal,
  penalties: decimal,
  premium: decimal,
  fees: decimal,
  interestRate: decimal.nullable(),
  bidRate: decimal.nullable(),
  rate: z.object({
    rate: decimal.nullable().describe("Percent of the computation"),
    from: z.enum(["list", "assumed", "law", "none"]),
  }),
  saleDate: z.iso.date().nullable(),
  deadline: z.object({
    day: z.iso.date().nullable().describe("The last day to redeem"),
    from: z.enum(["list", "sale", "purchase", "unknown"]),
  }),
  medianRedemptionDays: z.number().nullable(),
  ruleSet: z.string(),
  maxRate: z.number().nullable(),
  propertyType: z.enum(PROPERTY_TYPES),
  bankruptcy: flag,
  environmental: flag,
  codeViolations: flag,
  valuation: z.object({ value: decimal, day: z.iso.date(), provider: z.string() }).nullable(),
  subsequentTaxes: z.array(z.object({ day: z.iso.date(), amount: decimal })),
  weights: z.record(z.string(), z.number()),
});

export const getLienMetrics = defineRoute({
  method: "GET",
  path: "api/liens/{id}/metrics",
  access: "key",
  summary: "The last computed metrics of a lien, with what limits them and the inputs of their day",
  params: z.strictObject({ id: serialField }),
  response: z.object({
    lien: z.number(),
    asOf: z.iso.date().describe("The local day for which the figures hold"),
    version: z.number().describe("Of the formulas: see docs/tax-lien-rules.md"),
    computedAt: z.iso.datetime(),
    cost: decimal,
    ltv: decimal.nullable(),
    implausibleValue: z.boolean(),
    expectedYield: decimal.nullable(),
    irr: decimal.nullable(),
    riskScore: decimal.nullable(),
    dealScore: decimal.nullable(),
    explanation: z.string().nullable().describe("Why figures are missing"),
    marks: z
      .array(z.object({ mark: z.string(), meaning: z.string() }))
      .describe("What is missing, assumed or doubtful, and its effect on the figures"),
    isCurrent: z
      .boolean()
      .describe("Whether today's formulas give the same figures for that day from the inputs below"),
    inputs: inputs.nullable().describe("As stored now; null when the rules of the county are invalid"),
  }),
  async handle({ app, params: { id } }) {
    const stored = await findMetrics(app.db, id);
    if (!stored) throw notFound(`there are no metrics of a lien ${id}: request them with compute_deal_metrics`);
    const { lienId, asOf, computedAt, ...figures } = stored;
    const [lien] = await liensForMetrics(app.db, [id], asOf);
    const { DEAL_RISK_WEIGHTS: weights } = await effectiveSettings(app.db, app.config);
    const report = metricsReport(lien!, stored, { asOf, weights });
    const read = report.inputs && inputs.parse({ ...lien, ...report.inputs, weights });
    return { json: { lien: lienId, asOf, computedAt, ...figures, ...report, inputs: read } };
  },
});
