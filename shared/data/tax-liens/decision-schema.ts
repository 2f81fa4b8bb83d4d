import { sql } from "drizzle-orm";
import { bigint, check, index, integer, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { analysisRuns, DEAL_STATUSES, type DealStatus } from "./analysis-run-schema.ts";
import { taxLiens } from "./tax-lien-schema.ts";

/**
 * Every decision about a deal, in the order of application. Rows are only added.
 * Retention: kept, as the record of what was decided and why.
 */
export const decisionEvents = taxLiens.table(
  "decision_events",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** The id from the sender. */
    decisionId: text("decision_id").notNull().unique("decision_events_decision_id"),
    analysisRunId: uuid("analysis_run_id")
      .notNull()
      .references(() => analysisRuns.id),
    /** No foreign key: a decision about an unknown deal is recorded too. */
    dealId: bigint("deal_id", { mode: "number" }).notNull(),
    decision: text().$type<Exclude<DealStatus, "candidate">>().notNull(),
    reason: text().notNull(),
    decidedBy: text("decided_by").$type<"user" | "agent">().notNull(),
    /** The status of the deal before; null for an unknown deal. */
    fromStatus: text("from_status").$type<DealStatus>(),
    /** Why it was refused; null when it changed the deal. */
    refusal: text(),
    /** The run that applied it, and its position among the decisions of that run, from 0. */
    runId: uuid("run_id").notNull(),
    position: integer().notNull(),
    /** The sender, if known. */
    requestedBy: text("requested_by"),
    at: timestamp({ withTimezone: true, precision: 3 }).notNull(),
  },
  (event) => [
    index("decision_events_of_deal").on(event.dealId, event.id),
    index("decision_events_of_analysis").on(event.analysisRunId, event.id),
    check("decision_events_decision", sql`decision <> 'candidate' and ${oneOf("decision")}`),
    check("decision_events_from", oneOf("from_status")),
    check("decision_events_decided_by", sql`decided_by in ('user', 'agent')`),
    check("decision_events_unknown_deal_is_refused", sql`from_status is not null or refusal is not null`),
    check("decision_events_position", sql`position >= 0`),
  ],
);

function oneOf(column: string) {
  return sql.raw(`${column} in (${DEAL_STATUSES.map((status) => `'${status}'`).join(", ")})`);
}

export type DecisionEvent = typeof decisionEvents.$inferSelect;
