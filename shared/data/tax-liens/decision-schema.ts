import { sql } from "drizzle-orm";
import { bigint, check, index, integer, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { analysisRuns, DEAL_STATUSES, type DealStatus } from "./analysis-run-schema.ts";
import { taxLiens } from "./tax-lien-schema.ts";

/** Every decision about a deal, in the order in which they were taken; only added to. */
export const decisionEvents = taxLiens.table(
  "decision_events",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** Its giver's name for it. */
    decisionId: text("decision_id").notNull().unique("decision_events_decision_id"),
    analysisRunId: uuid("analysis_run_id")
      .notNull()
      .references(() => analysisRuns.id),
    /** No reference: a decision about a deal that does not exist is recorded as well. */
    dealId: bigint("deal_id", { mode: "number" }).notNull(),
    decision: text().$type<Exclude<DealStatus, "candidate">>().notNull(),
    reason: text().notNull(),
    decidedBy: text("decided_by").$type<"user" | "agent">().notNull(),
    /** The deal's status before; null: there was no such deal. */
    fromStatus: text("from_status").$type<DealStatus>(),
    /** Why it was refused; null: the deal has moved. */
    refusal: text(),
    /** The run that took it, and its place among the decisions of that run, from 0. */
    runId: uuid("run_id").notNull(),
    position: integer().notNull(),
    /** Who sent it; null where nobody said. */
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
