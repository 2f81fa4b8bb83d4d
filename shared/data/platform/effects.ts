import { and, asc, eq, sql } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { effects } from "./control-schema.ts";
import { jobRuns } from "./platform-schema.ts";

export type Effect = typeof effects.$inferSelect;

/**
 * Stores the intent of an effect before the call.
 * @returns the earlier effect of that key, or null: the caller makes the effect
 */
export async function intendEffect(db: Db, key: string, runId: string, now: Date): Promise<Effect | null> {
  const [mine] = await db
    .insert(effects)
    .values({ key, runId, state: "intended", intendedAt: now })
    .onConflictDoNothing()
    .returning();
  if (mine) return null;
  const [before] = await db.select().from(effects).where(eq(effects.key, key));
  return before ?? intendEffect(db, key, runId, now);
}

/** Stores the outcome of an effect. Repeats get this outcome instead of making the effect again. */
export async function completeEffect(db: Db, key: string, outcome: unknown, now: Date): Promise<void> {
  await db
    .update(effects)
    .set({ state: "done", outcome: outcome ?? null, settledAt: now })
    .where(eq(effects.key, key));
}

/** Deletes an intent whose effect certainly did not happen. */
export async function withdrawEffect(db: Db, key: string): Promise<void> {
  await db.delete(effects).where(and(eq(effects.key, key), eq(effects.state, "intended")));
}

/** Parks an effect with an unknown outcome, so that an operator decides. */
export async function parkEffect(db: Db, key: string): Promise<void> {
  await db
    .update(effects)
    .set({ state: "parked" })
    .where(and(eq(effects.key, key), eq(effects.state, "intended")));
}

export interface EffectFilter {
  readonly state: Effect["state"];
  readonly runId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly limit: number;
}

/** Effects in a state, oldest first. */
export async function listEffects(db: Executor, { state, runId, jobId, limit }: EffectFilter): Promise<Effect[]> {
  return db
    .select()
    .from(effects)
    .where(
      and(
        eq(effects.state, state),
        runId === undefined ? undefined : eq(effects.runId, runId),
        jobId === undefined
          ? undefined
          : sql`exists (select from ${jobRuns} where ${jobRuns.id} = ${effects.runId} and ${jobRuns.jobId} = ${jobId})`,
      ),
    )
    .orderBy(asc(effects.intendedAt))
    .limit(limit);
}

/** The intended and completed effects of a run, in order. */
export async function effectsOfRun(db: Executor, runId: string, limit: number): Promise<Effect[]> {
  return db.select().from(effects).where(eq(effects.runId, runId)).orderBy(asc(effects.intendedAt)).limit(limit);
}

export async function findEffect(db: Executor, key: string): Promise<Effect | undefined> {
  const [row] = await db.select().from(effects).where(eq(effects.key, key));
  return row;
}

/**
 * An operator confirms that a parked effect happened. Repeats get this outcome.
 * @returns false when it is not parked
 */
export async function confirmParkedEffect(tx: Tx, key: string, outcome: unknown, now: Date): Promise<boolean> {
  const rows = await tx
    .update(effects)
    .set({ state: "done", outcome: outcome ?? null, settledAt: now })
    .where(and(eq(effects.key, key), eq(effects.state, "parked")))
    .returning({ key: effects.key });
  return rows.length > 0;
}

/**
 * An operator confirms that a parked effect did not happen. The next attempt makes it.
 * @returns false when it is not parked
 */
export async function releaseParkedEffect(tx: Tx, key: string): Promise<boolean> {
  const rows = await tx
    .delete(effects)
    .where(and(eq(effects.key, key), eq(effects.state, "parked")))
    .returning({ key: effects.key });
  return rows.length > 0;
}
