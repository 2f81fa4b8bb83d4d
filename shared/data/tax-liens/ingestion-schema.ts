import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { counties, taxLiens } from "./tax-lien-schema.ts";

export const INGESTION_STATES = ["running", "succeeded", "failed", "undone"] as const;
export type IngestionState = (typeof INGESTION_STATES)[number];

/** What the merge of an ingestion found. Greater ids of liens and properties are those that it created. */
export interface CountyBefore {
  readonly lienId: number;
  readonly propertyId: number;
  readonly lastRows: number | null;
  /** An instant in ISO 8601. */
  readonly lastIngestedAt: string | null;
}

/** Rows of a list with the same fault or warning: see shared/rules/tax-liens/row-finding.ts. */
export interface CountedFinding {
  readonly field: string;
  readonly code: string;
  readonly word?: string;
  readonly rows: number;
  /** Of the first one. */
  readonly reason: string;
  /** Of the first one; null for the list as a whole. */
  readonly line: number | null;
  /** The first lines. */
  readonly lines: readonly number[];
}

/** What the reading of a list found in its rows. */
export interface IngestionFindings {
  readonly faults: readonly CountedFinding[];
  readonly warnings: readonly CountedFinding[];
  /** Rows that `source.where` leaves out. */
  readonly otherRows: number;
}

/**
 * One run that ingested the list of one county.
 * Retention: `prune_lien_ingestions` deletes old ones after INGESTION_RETENTION_DAYS, except the last of each county.
 */
export const lienIngestions = taxLiens.table(
  "lien_ingestions",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    runId: uuid("run_id").notNull().unique("lien_ingestions_of_run"),
    countyId: text("county_id")
      .notNull()
      .references(() => counties.id),
    state: text().$type<IngestionState>().notNull(),
    /** Rows of the list: `created` + `updated` + `unchanged` + `failed` after the merge. */
    retrieved: integer().notNull().default(0),
    created: integer().notNull().default(0),
    updated: integer().notNull().default(0),
    unchanged: integer().notNull().default(0),
    /** Refused rows. The reject file has all of them with reasons, `lien_rejects` the first 1,000. */
    failed: integer().notNull().default(0),
    /** Liens of the previous list that this one does not have. */
    notListed: integer("not_listed").notNull().default(0),
    /** Path of the reject file in its container, gzipped CSV; null without refused rows. */
    rejectBlob: text("reject_blob"),
    /** Null before the list was read to its end. */
    findings: jsonb().$type<IngestionFindings>(),
    /** Why the ingestion delists no lien: the list may not be whole. */
    doubt: text(),
    error: text(),
    /** The county before the merge, for an undo. Null: its earlier values are not kept. */
    before: jsonb().$type<CountyBefore>(),
    undoneAt: timestamp("undone_at", { withTimezone: true, precision: 3 }),
    undoneBy: text("undone_by"),
    undoReason: text("undo_reason"),
    startedAt: timestamp("started_at", { withTimezone: true, precision: 3 }).notNull(),
    finishedAt: timestamp("finished_at", { withTimezone: true, precision: 3 }),
  },
  (ingestion) => [
    index("lien_ingestions_of_county").on(ingestion.countyId, ingestion.id),
    index("lien_ingestions_by_end")
      .on(ingestion.finishedAt, ingestion.id)
      .where(sql`finished_at is not null`),
    index("lien_ingestions_with_earlier_values")
      .on(ingestion.finishedAt)
      .where(sql`before is not null`),
    check("lien_ingestions_state", sql`state in ('running', 'succeeded', 'failed', 'undone')`),
    check(
      "lien_ingestions_undo_has_reason",
      sql`(state = 'undone') = (undone_at is not null) and num_nonnulls(undone_at, undone_by, undo_reason) in (0, 3)`,
    ),
    check("lien_ingestions_failure_has_reason", sql`state <> 'failed' or error is not null`),
    check("lien_ingestions_final", sql`(state = 'running') = (finished_at is null)`),
    check("lien_ingestions_adds_up", sql`state <> 'succeeded' or retrieved = created + updated + unchanged + failed`),
  ],
);

/**
 * The first refused rows of an ingestion. A retry of the run replaces them.
 * Retention: deleted with their ingestion.
 */
export const lienRejects = taxLiens.table(
  "lien_rejects",
  {
    ingestionId: bigint("ingestion_id", { mode: "number" })
      .notNull()
      .references(() => lienIngestions.id, { onDelete: "cascade" }),
    /** The line of a CSV file, otherwise the number of the record; both from 1. */
    line: bigint({ mode: "number" }).notNull(),
    reasons: jsonb().$type<readonly string[]>().notNull(),
    /** The raw row, truncated to 2,000 characters. */
    raw: text().notNull(),
  },
  (reject) => [primaryKey({ name: "lien_rejects_line", columns: [reject.ingestionId, reject.line] })],
);

export type LienIngestion = typeof lienIngestions.$inferSelect;
export type LienReject = typeof lienRejects.$inferSelect;
