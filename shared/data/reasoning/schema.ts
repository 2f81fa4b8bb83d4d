import { sql } from "drizzle-orm";
import { check, index, integer, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";

export const reasoning = pgSchema("reasoning");

/** `unreadable`: it answered something else than was asked for. */
export type LlmOutcome = "answered" | "unreadable" | "failed";

/** One call of a language model. The prompt itself is not kept, for it holds what the family knows; its hash tells repeats. */
export const aiLlmCalls = reasoning.table(
  "ai_llm_calls",
  {
    id: uuid().primaryKey(),
    /** Which agent asked: `document`. */
    agent: text().notNull(),
    /** The run of the job that it asked for. */
    runId: uuid("run_id").notNull(),
    model: text().notNull(),
    promptSha256: text("prompt_sha256").notNull(),
    promptTokens: integer("prompt_tokens"),
    completionTokens: integer("completion_tokens"),
    latencyMs: integer("latency_ms").notNull(),
    outcome: text().$type<LlmOutcome>().notNull(),
    errorClass: text("error_class"),
    error: text(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (call) => [
    index("ai_llm_calls_by_time").on(call.createdAt),
    index("ai_llm_calls_of_run").on(call.runId),
    check("ai_llm_calls_outcome", sql`outcome in ('answered', 'unreadable', 'failed')`),
    check("ai_llm_calls_error", sql`(outcome = 'answered') = (error is null)`),
  ],
);

export type LlmCall = typeof aiLlmCalls.$inferSelect;
