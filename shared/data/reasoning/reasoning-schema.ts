import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgSchema, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

export const reasoning = pgSchema("reasoning");

/** `unreadable`: the answer does not have the requested form. */
export type LlmOutcome = "answered" | "unreadable" | "failed";

/**
 * One call of a language model. The prompt is not stored, as it holds business data; its hash shows repeats.
 * Retention: `cleanup_reasoning_logs` archives and deletes calls after LOG_RETENTION_DAYS.
 */
export const aiLlmCalls = reasoning.table(
  "ai_llm_calls",
  {
    id: uuid().primaryKey(),
    /** The calling agent: `document` or `extraction`. */
    agent: text().notNull(),
    /** The run that made the call. */
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

/**
 * One task of an agent: who requested it, and its goal.
 * Retention: `cleanup_reasoning_logs` archives and deletes episodes with their steps after LOG_RETENTION_DAYS.
 */
export const aiAgentEpisodes = reasoning.table(
  "ai_agent_episodes",
  {
    id: uuid().primaryKey(),
    /** Which agent: `analysis`. */
    agent: text().notNull(),
    /** The goal in a sentence. */
    goal: text().notNull(),
    /** The request, unchanged. */
    request: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    requestedBy: text("requested_by").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (episode) => [index("ai_agent_episodes_by_time").on(episode.createdAt)],
);

/** `failed` ends the episode unless a later step continues it. */
export type StepOutcome = "done" | "failed";

/** The steps of an episode, in order. Rows are only added. Retention: archived and deleted with their episode. */
export const aiAgentSteps = reasoning.table(
  "ai_agent_steps",
  {
    episodeId: uuid("episode_id")
      .notNull()
      .references(() => aiAgentEpisodes.id, { onDelete: "cascade" }),
    /** From 1. */
    number: integer().notNull(),
    /** A word: `constraints`. */
    name: text().notNull(),
    outcome: text().$type<StepOutcome>().notNull(),
    /** The finding or decision, in a sentence. */
    message: text().notNull(),
    /** The figures behind the message. */
    facts: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    startedAt: timestamp("started_at", { withTimezone: true, precision: 3 }).notNull(),
    finishedAt: timestamp("finished_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (step) => [
    primaryKey({ name: "ai_agent_steps_of_episode", columns: [step.episodeId, step.number] }),
    check("ai_agent_steps_number", sql`number >= 1`),
    check("ai_agent_steps_outcome", sql`outcome in ('done', 'failed')`),
  ],
);

export type LlmCall = typeof aiLlmCalls.$inferSelect;
export type AgentEpisode = typeof aiAgentEpisodes.$inferSelect;
export type AgentStep = typeof aiAgentSteps.$inferSelect;
