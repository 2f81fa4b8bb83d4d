import { sql } from "drizzle-orm";
import type { OldRows } from "../old-rows.ts";
import { aiAgentEpisodes, aiAgentSteps, aiLlmCalls } from "../reasoning/reasoning-schema.ts";
import { analysisRuns } from "./analysis-run-schema.ts";

/** Calls of language models before an instant. */
export function oldLlmCalls(before: Date): OldRows {
  const where = sql`old.created_at < ${before.toISOString()}::timestamptz`;
  return { table: aiLlmCalls, key: aiLlmCalls.id, at: aiLlmCalls.createdAt, where };
}

/**
 * Episodes before an instant, each with its steps. One whose analysis has not ended, or with a step since the instant,
 * is not old. An ended analysis stays without its episode.
 */
export function oldEpisodes(before: Date): OldRows {
  const at = sql`${before.toISOString()}::timestamptz`;
  const where = sql`old.created_at < ${at}
    and not exists (select from ${aiAgentSteps} as step where step.episode_id = old.id and step.finished_at >= ${at})
    and not exists (
      select from ${analysisRuns} as run where run.episode_id = old.id and run.state in ('queued', 'running')
    )`;
  const steps = sql`coalesce(
    (select jsonb_agg(step order by step.number) from ${aiAgentSteps} as step where step.episode_id = old.id), '[]')`;
  return {
    table: aiAgentEpisodes,
    key: aiAgentEpisodes.id,
    at: aiAgentEpisodes.createdAt,
    where,
    with: { name: "steps", rows: steps },
  };
}
