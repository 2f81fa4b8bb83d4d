import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  date,
  index,
  integer,
  jsonb,
  numeric,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { aiAgentEpisodes } from "../reasoning/reasoning-schema.ts";
import { liens, taxLiens } from "./tax-lien-schema.ts";

export const ANALYSIS_STATES = ["queued", "running", "succeeded", "failed"] as const;
export type AnalysisState = (typeof ANALYSIS_STATES)[number];

/** The steps of an analysis, in order. */
export const ANALYSIS_STEPS = ["definition", "constraints", "liens", "metrics", "filter", "deals", "summary"] as const;
export type AnalysisStep = (typeof ANALYSIS_STEPS)[number];

export interface StepTimes {
  readonly step: AnalysisStep;
  /** ISO instants. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Working time, without the time between two attempts. */
  readonly durationMs: number;
  /** The result in a sentence. */
  readonly message: string;
}

/** How far the liens are computed. A retry continues from here. */
export interface AnalysisCheckpoint {
  readonly countyId: string;
  /** The last computed lien. */
  readonly lienId: number;
  /** Liens with figures. */
  readonly computed: number;
  /** Liens without figures: the rules of the county allow none. */
  readonly failed: number;
  readonly candidates: number;
  /** Of the cheapest candidate; null without candidates. */
  readonly leastCost: string | null;
  /** The number of other liens by their first unmet constraint. */
  readonly unmet: Readonly<Record<string, number>>;
  /** The risk weights of the first attempt; retries use the same. */
  readonly weights: Readonly<Record<string, number>>;
  /** An ISO instant. */
  readonly startedAt: string;
  readonly metricsMs: number;
  readonly filterMs: number;
}

/** A search for deals under an investor's constraints. Retention: kept, as the origin of its deals. */
export const analysisRuns = taxLiens.table(
  "analysis_runs",
  {
    id: uuid().primaryKey(),
    /** The request, unchanged: see shared/rules/tax-liens/constraints.ts. */
    definition: jsonb().$type<{ readonly constraints: unknown }>().notNull(),
    /** The local day of the request, for which the figures hold. */
    asOf: date("as_of", { mode: "string" }).notNull(),
    state: text().$type<AnalysisState>().notNull().default("queued"),
    steps: jsonb().$type<readonly StepTimes[]>().notNull().default([]),
    /** The number of available liens by county; null until they are counted. */
    available: jsonb().$type<Readonly<Record<string, number>>>(),
    checkpoint: jsonb().$type<AnalysisCheckpoint>(),
    /** See shared/rules/tax-liens/analysis-summary.ts. */
    summary: jsonb().$type<Readonly<Record<string, unknown>>>(),
    /** Why it failed. */
    error: text(),
    /** The last run that executes it. Only the end of this run ends the analysis. */
    runId: uuid("run_id").notNull(),
    /** The episode of the agent that requested it; null for a request without an agent. */
    episodeId: uuid("episode_id").references(() => aiAgentEpisodes.id, { onDelete: "set null" }),
    /** Gets the notification of the end. */
    recipient: text().notNull(),
    requestedBy: text("requested_by").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
    startedAt: timestamp("started_at", { withTimezone: true, precision: 3 }),
    finishedAt: timestamp("finished_at", { withTimezone: true, precision: 3 }),
  },
  (run) => [
    index("analysis_runs_of_episode").on(run.episodeId),
    check("analysis_runs_state", sql`state in ('queued', 'running', 'succeeded', 'failed')`),
    check("analysis_runs_final", sql`(state in ('succeeded', 'failed')) = (finished_at is not null)`),
    check("analysis_runs_success_has_summary", sql`(state = 'succeeded') = (summary is not null)`),
    check("analysis_runs_failure_has_reason", sql`(state = 'failed') = (error is not null)`),
  ],
);

/**
 * Liens that meet the constraints of a running analysis. No foreign keys: there can be a million for a minute.
 * Retention: `run_analysis` deletes them at the end of the analysis.
 */
export const analysisCandidates = taxLiens.table(
  "analysis_candidates",
  {
    analysisRunId: uuid("analysis_run_id").notNull(),
    lienId: bigint("lien_id", { mode: "number" }).notNull(),
    countyId: text("county_id").notNull(),
    cost: numeric().notNull(),
    dealScore: numeric("deal_score").notNull(),
    metrics: jsonb().$type<DealFigures>().notNull(),
  },
  ({ analysisRunId, dealScore, lienId }) => [
    // The order of the ranking: "order by … desc" puts nulls first.
    uniqueIndex("analysis_candidates_by_score").on(analysisRunId, dealScore.desc().nullsFirst(), lienId),
  ],
);

/** The figures of a lien on which it became a deal. Decimals as text; yields in percent a year. */
export interface DealFigures {
  readonly asOf: string;
  /** Of the formulas. */
  readonly version: number;
  readonly ltv: string | null;
  readonly implausibleValue: boolean;
  readonly expectedYield: string | null;
  readonly irr: string | null;
  readonly riskScore: string | null;
  /** What is missing, assumed or doubtful; absent from figures of version 1. */
  readonly marks?: readonly string[];
  readonly explanation: string | null;
}

/**
 * The statuses of a deal. shared/rules/tax-liens/deal-statuses.ts has the same list with the legal moves; a test
 * compares them.
 */
export const DEAL_STATUSES = [
  "candidate",
  "watchlist",
  "approved",
  "rejected",
  "purchased",
  "withdrawn",
  "redeemed",
  "foreclosed",
  "written_off",
] as const;
export type DealStatus = (typeof DEAL_STATUSES)[number];

/**
 * A lien that an analysis proposes to buy, and the status of the proposal.
 * Retention: kept, as the record of what was bought and why.
 */
export const deals = taxLiens.table(
  "deals",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    analysisRunId: uuid("analysis_run_id")
      .notNull()
      .references(() => analysisRuns.id),
    lienId: bigint("lien_id", { mode: "number" })
      .notNull()
      .references(() => liens.id),
    /** 1 is the best. */
    rank: integer().notNull(),
    /** 0 to 100. */
    score: numeric().notNull(),
    /** In dollars. */
    cost: numeric().notNull(),
    metrics: jsonb().$type<DealFigures>().notNull(),
    status: text().$type<DealStatus>().notNull().default("candidate"),
    /** The time of the last status change. */
    statusAt: timestamp("status_at", { withTimezone: true, precision: 3 }).notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (deal) => [
    unique("deals_once_per_run").on(deal.analysisRunId, deal.lienId),
    unique("deals_one_per_rank").on(deal.analysisRunId, deal.rank),
    index("deals_of_lien").on(deal.lienId),
    check("deals_status", sql`status in (${sql.raw(DEAL_STATUSES.map((status) => `'${status}'`).join(", "))})`),
    check("deals_rank", sql`rank >= 1`),
    check("deals_score", sql`score between 0 and 100`),
    check("deals_cost", sql`cost > 0 and cost < 'Infinity'`),
  ],
);

export type AnalysisRun = typeof analysisRuns.$inferSelect;
export type Deal = typeof deals.$inferSelect;
