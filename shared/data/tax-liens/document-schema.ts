import { sql } from "drizzle-orm";
import { bigint, check, index, jsonb, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { analysisRuns, deals } from "./analysis-run-schema.ts";
import { liens, taxLiens } from "./tax-lien-schema.ts";

export const DOCUMENT_STATES = ["queued", "ready", "failed"] as const;
export type DocumentState = (typeof DOCUMENT_STATES)[number];

/** A file of a document in blob storage. */
export interface DocumentFile {
  readonly blob: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly sha256: string;
}
export type DocumentFormat = "pdf" | "html";

/**
 * The written passages, their author, and why the model failed if it did. Stored, so that a retry writes the same text.
 */
export interface WrittenPassages {
  readonly words: Readonly<Record<string, string>>;
  readonly by: "template" | "model";
  readonly note: string | null;
}

/**
 * A requested document.
 * Retention: kept; `archive_old_documents` moves the files to cold storage after DOCUMENTS_ARCHIVE_DAYS.
 */
export const documents = taxLiens.table(
  "documents",
  {
    id: uuid().primaryKey(),
    template: text().notNull(),
    /** The subject whose facts are read, unless the request has facts: at most one of the three. */
    lienId: bigint("lien_id", { mode: "number" }).references(() => liens.id, { onDelete: "set null" }),
    dealId: bigint("deal_id", { mode: "number" }).references(() => deals.id, { onDelete: "set null" }),
    analysisRunId: uuid("analysis_run_id").references(() => analysisRuns.id, { onDelete: "set null" }),
    /** The facts of the text; null until they are read. */
    facts: jsonb().$type<unknown>(),
    passages: jsonb().$type<WrittenPassages>(),
    state: text().$type<DocumentState>().notNull().default("queued"),
    /** Why it failed. */
    reason: text(),
    title: text(),
    files: jsonb().$type<Readonly<Record<DocumentFormat, DocumentFile>>>(),
    tier: text().$type<"hot" | "cold">(),
    /** Gets the notification when it is ready. */
    recipient: text().notNull(),
    requestedBy: text("requested_by").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
    generatedAt: timestamp("generated_at", { withTimezone: true, precision: 3 }),
    archivedAt: timestamp("archived_at", { withTimezone: true, precision: 3 }),
  },
  (document) => [
    index("documents_to_archive")
      .on(document.generatedAt)
      .where(sql`tier = 'hot'`),
    // The foreign key looks for it when a lien is deleted.
    index("documents_of_lien")
      .on(document.lienId)
      .where(sql`lien_id is not null`),
    check("documents_state", sql`state in ('queued', 'ready', 'failed')`),
    check(
      "documents_ready_complete",
      sql`state <> 'ready' or (files is not null and tier is not null and generated_at is not null)`,
    ),
    check("documents_one_subject", sql`num_nonnulls(lien_id, deal_id, analysis_run_id) <= 1`),
    check("documents_tier", sql`tier in ('hot', 'cold')`),
    check("documents_archived", sql`(tier = 'cold') = (archived_at is not null) or tier is null`),
  ],
);

export type Document = typeof documents.$inferSelect;
