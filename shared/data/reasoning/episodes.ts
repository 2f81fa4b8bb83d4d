import { asc, eq, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { type AgentEpisode, type AgentStep, aiAgentEpisodes, aiAgentSteps } from "./reasoning-schema.ts";

export async function insertEpisode(tx: Tx, episode: AgentEpisode): Promise<void> {
  await tx.insert(aiAgentEpisodes).values(episode);
}

export type NewStep = Omit<AgentStep, "episodeId" | "number">;

/** Adds steps behind those that the episode has. Only one process at a time may work on an episode. */
export async function addSteps(tx: Tx, episodeId: string, steps: readonly NewStep[]): Promise<void> {
  if (steps.length === 0) return;
  const [row] = await tx
    .select({ last: sql<number>`coalesce(max(${aiAgentSteps.number}), 0)` })
    .from(aiAgentSteps)
    .where(eq(aiAgentSteps.episodeId, episodeId));
  await tx.insert(aiAgentSteps).values(steps.map((step, i) => ({ ...step, episodeId, number: row!.last + 1 + i })));
}

/** An episode with its steps in order. */
export async function findEpisode(
  db: Executor,
  id: string,
): Promise<{ episode: AgentEpisode; steps: AgentStep[] } | undefined> {
  const [episode] = await db.select().from(aiAgentEpisodes).where(eq(aiAgentEpisodes.id, id));
  if (!episode) return undefined;
  const steps = await db
    .select()
    .from(aiAgentSteps)
    .where(eq(aiAgentSteps.episodeId, id))
    .orderBy(asc(aiAgentSteps.number));
  return { episode, steps };
}
