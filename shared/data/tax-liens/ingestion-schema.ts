import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { counties, taxLiens } from "./tax-lien-schema.ts";

export type IngestionState = "running" | "succeeded" | "failed";

/** What became of one run's ingestion of one county's list. */
export const lienIngestions = taxLiens.table(
  "lien_ingestions",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    runId: uuid("run_id").notNull().unique("lien_ingestions_of_run"),
    countyId: text("county_id")
      .notNull()
      .references(() => counties.id),
    state: text().$type<IngestionState>().notNull(),
    /** Rows of the list; `created` + `updated` + `unchanged` + `failed` once it is merged. */
    retrieved: integer().notNull().default(0),
    created: integer().notNull().default(0),
    updated: integer().notNull().default(0),
    unchanged: integer().notNull().default(0),
    /** Rows that were refused; each has its reason in the reject file, the first 1,000 in `lien_rejects` too. */
    failed: integer().notNull().default(0),
    /** Liens that the list before had and this one has not. */
    notListed: integer("not_listed").notNull().default(0),
    /** Path of the reject file in its container, CSV in gzip; null while no row was refused. */
    rejectBlob: text("reject_blob"),
    error: text(),
    startedAt: timestamp("started_at", { withTimezone: true, precision: 3 }).notNull(),
    finishedAt: timestamp("finished_at", { withTimezone: true, precision: 3 }),
  },
  (ingestion) => [
    index("lien_ingestions_of_county").on(ingestion.countyId, ingestion.id),
    check("lien_ingestions_state", sql`state in ('running', 'succeeded', 'failed')`),
    check("lien_ingestions_failure_has_reason", sql`state <> 'failed' or error is not null`),
    check("lien_ingestions_final", sql`(state = 'running') = (finished_at is null)`),
    check("lien_ingestions_adds_up", sql`state <> 'succeeded' or retrieved = created + updated + unchanged + failed`),
  ],
);

/** The first refused rows of an ingestion. */
export const lienRejects = taxLiens.table(
  "lien_rejects",
  {
    ingestionId: bigint("ingestion_id", { mode: "number" })
      .notNull()
      .references(() => lienIngestions.id, { onDelete: "cascade" }),
    /** Of a CSV file its line, else the number of the record; both from 1. */
    line: bigint({ mode: "number" }).notNull(),
    reasons: jsonb().$type<readonly string[]>().notNull(),
    /** The row as it came, cut off at 2,000 characters. */
    raw: text().notNull(),
  },
  (reject) => [primaryKey({ name: "lien_rejects_line", columns: [reject.ingestionId, reject.line] })],
);

export type LienIngestion = typeof lienIngestions.$inferSelect;
export type LienReject = typeof lienRejects.$inferSelect;
