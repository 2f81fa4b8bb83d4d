import { z } from "zod";
import {
  ANALYSIS_STATES,
  ANALYSIS_STEPS,
  type AnalysisRun,
  DEAL_STATUSES,
} from "#data/tax-liens/analysis-run-schema.ts";
import type { DealWithLien } from "#data/tax-liens/deals.ts";
import { LIEN_STATUSES, PROPERTY_TYPES } from "#data/tax-liens/tax-lien-schema.ts";
import { totalAvailable } from "#rules/tax-liens/analysis-summary.ts";

/** An exact decimal as text: a JSON number would become a binary fraction. */
const decimal = z.string();

const step = z.object({
  step: z.enum(ANALYSIS_STEPS),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  durationMs: z.number().describe("Working time, without the time between two attempts"),
  message: z.string(),
});

const summary = z.object({
  liens: z.number(),
  failed: z.number(),
  candidates: z.number(),
  unmet: z
    .record(z.string(), z.number())
    .describe(
      "Liens that are no candidates, by the first reason: an unmet constraint, lapsed, or what the score lacks",
    ),
  leftOut: z
    .record(z.string(), z.number())
    .default({})
    .describe("Liens that are no deals, by reason: unmet, the county's rules, and limits that candidates exceeded"),
  deals: z.number(),
  cost: decimal,
  budget: decimal,
  averageYield: decimal.nullable(),
  averageRisk: decimal.nullable(),
  counties: z.array(z.object({ countyId: z.string(), available: z.number(), deals: z.number(), cost: decimal })),
  notes: z.array(z.string()),
});

/** An analysis as the API shows it. */
export const analysisSchema = z.object({
  id: z.uuid(),
  state: z.enum(ANALYSIS_STATES),
  constraints: z.record(z.string(), z.unknown()),
  asOf: z.iso.date(),
  run: z.uuid().describe("The run of run_analysis that executes it"),
  episode: z.uuid().nullable(),
  steps: z.array(step),
  progress: z
    .object({ done: z.number(), total: z.number() })
    .nullable()
    .describe("Liens with figures; null when the analysis has ended"),
  summary: summary.nullable(),
  error: z.string().nullable(),
  recipient: z.string(),
  requestedBy: z.string(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});

export function analysisView(analysis: AnalysisRun) {
  const { id, state, definition, asOf, runId, episodeId, steps, error, recipient, requestedBy } = analysis;
  const { summary: found, createdAt, startedAt, finishedAt } = analysis;
  return {
    id,
    state,
    constraints: definition.constraints,
    asOf,
    run: runId,
    episode: episodeId,
    // The schemas restore the order of the fields, which jsonb does not preserve.
    steps: steps.map((each) => step.parse(each)),
    progress: progressOf(analysis),
    summary: summary.nullable().parse(found),
    error,
    recipient,
    requestedBy,
    createdAt,
    startedAt,
    finishedAt,
  };
}

function progressOf({ checkpoint, available }: AnalysisRun): { done: number; total: number } | null {
  if (!checkpoint || !available) return null;
  return { done: checkpoint.computed + checkpoint.failed, total: totalAvailable(available) };
}

const metrics = z.object({
  asOf: z.iso.date(),
  version: z.number(),
  ltv: decimal.nullable(),
  implausibleValue: z.boolean(),
  expectedYield: decimal.nullable(),
  irr: decimal.nullable(),
  riskScore: decimal.nullable(),
  marks: z.array(z.string()).default([]).describe("What is missing, assumed or doubtful"),
  explanation: z.string().nullable(),
});

/** A deal with its lien. */
export const dealSchema = z.object({
  id: z.number(),
  rank: z.number(),
  status: z.enum(DEAL_STATUSES),
  statusAt: z.iso.datetime(),
  score: decimal,
  cost: decimal,
  metrics,
  lien: z.object({
    id: z.number(),
    county: z.string(),
    taxYear: z.number(),
    certificateNumber: z.string().nullable(),
    faceAmount: decimal,
    status: z.enum(LIEN_STATUSES),
    parcelId: z.string(),
    address: z.string().nullable(),
    propertyType: z.enum(PROPERTY_TYPES),
  }),
});

export function dealView({ deal, lien, property }: DealWithLien) {
  const { id, rank, status, statusAt, score, cost, metrics: figures, lienId } = deal;
  const { countyId, ...ofLien } = lien;
  return {
    id,
    rank,
    status,
    statusAt,
    score,
    cost,
    metrics: metrics.parse(figures),
    lien: { id: lienId, county: countyId, ...ofLien, ...property },
  };
}
