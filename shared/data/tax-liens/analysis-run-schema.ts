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

/** What an analysis does, in this order. */
export const ANALYSIS_STEPS = ["definition", "constraints", "liens", "metrics", "filter", "deals", "summary"] as const;
export type AnalysisStep = (typeof ANALYSIS_STEPS)[number];

export interface StepTimes {
  readonly step: AnalysisStep;
  /** ISO instants. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Spent on it, without what lay between two attempts. */
  readonly durationMs: number;
  /** What came of it, in a sentence. */
  readonly message: string;
}

/** How far the liens are computed: what a retry goes on from. */
export interface AnalysisCheckpoint {
  readonly countyId: string;
  /** The last lien that is done. */
  readonly lienId: number;
  /** Liens that have figures. */
  readonly computed: number;
  /** Liens whose county's rules allow none. */
  readonly failed: number;
  readonly candidates: number;
  /** Of the cheapest candidate; null without any. */
  readonly leastCost: string | null;
  /** The other liens, by the first constraint that they do not meet. */
  readonly unmet: Readonly<Record<string, number>>;
  /** Of the risk: every attempt goes by those of the first. */
  readonly weights: Readonly<Record<string, number>>;
  /** An ISO instant. */
  readonly startedAt: string;
  readonly metricsMs: number;
  readonly filterMs: number;
}

/** A search for deals under an investor's constraints. */
export const analysisRuns = taxLiens.table(
  "analysis_runs",
  {
    id: uuid().primaryKey(),
    /** What was asked for, as it was asked: see shared/rules/tax-liens/constraints.ts. */
    definition: jsonb().$type<{ readonly constraints: unknown }>().notNull(),
    /** The local day on which it was asked for, and for which its figures hold. */
    asOf: date("as_of", { mode: "string" }).notNull(),
    state: text().$type<AnalysisState>().notNull().default("queued"),
    steps: jsonb().$type<readonly StepTimes[]>().notNull().default([]),
    /** Available liens by county, as they were counted; null until then. */
    available: jsonb().$type<Readonly<Record<string, number>>>(),
    checkpoint: jsonb().$type<AnalysisCheckpoint>(),
    /** See shared/rules/tax-liens/analysis-summary.ts. */
    summary: jsonb().$type<Readonly<Record<string, unknown>>>(),
    /** Why it failed. */
    error: text(),
    /** The run of the job that does it, or did it last: only that one's end is its end. */
    runId: uuid("run_id").notNull(),
    /** The agent's episode that it belongs to; null where a person asked for it without one. */
    episodeId: uuid("episode_id").references(() => aiAgentEpisodes.id, { onDelete: "set null" }),
    /** Who is told of its end. */
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
 * Liens that meet the constraints of an analysis that is still at work; gone when it ends. They refer to nothing: there may be a
 * million of them for a minute.
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
    // In the order in which they are ranked, as "order by … desc" has it.
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
  readonly explanation: string | null;
}

/** Those of shared/rules/tax-liens/deal-statuses.ts, which says how one leads to another. */
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

/** A lien that an analysis proposes to buy, and what became of the proposal. */
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
    /** From 1, the best. */
    rank: integer().notNull(),
    /** 0 to 100. */
    score: numeric().notNull(),
    /** In dollars. */
    cost: numeric().notNull(),
    metrics: jsonb().$type<DealFigures>().notNull(),
    status: text().$type<DealStatus>().notNull().default("candidate"),
    /** When it came into its status. */
    statusAt: timestamp("status_at", { withTimezone: true, precision: 3 }).notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (deal) => [
    unique("deals_once_per_run").on(deal.analysisRunId, deal.lienId),
    unique("deals_one_per_rank").on(deal.analysisRunId, deal.rank),
    index("deals_of_lien").on(deal.lienId),
    check(
      "deals_status",
      sql`status in ('candidate', 'watchlist', 'approved', 'rejected', 'purchased', 'withdrawn', 'redeemed', 'foreclosed', 'written_off')`,
    ),
    check("deals_rank", sql`rank >= 1`),
    check("deals_score", sql`score between 0 and 100`),
    check("deals_cost", sql`cost > 0 and cost < 'Infinity'`),
  ],
);

export type AnalysisRun = typeof analysisRuns.$inferSelect;
export type Deal = typeof deals.$inferSelect;
