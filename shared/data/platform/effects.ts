import { and, asc, eq } from "drizzle-orm";
import type { Db } from "../client.ts";
import { effects } from "./steering-schema.ts";

export type Effect = typeof effects.$inferSelect;

/** Stores the intent of an effect before it happens. @returns what stood there already, or null when the intent is ours */
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

/** Stores what came of it; a repeat gets this instead of a second effect. */
export async function settleEffect(db: Db, key: string, outcome: unknown, now: Date): Promise<void> {
  await db
    .update(effects)
    .set({ state: "done", outcome: outcome ?? null, settledAt: now })
    .where(eq(effects.key, key));
}

/** Takes an intent back: the effect certainly did not happen. */
export async function withdrawEffect(db: Db, key: string): Promise<void> {
  await db.delete(effects).where(and(eq(effects.key, key), eq(effects.state, "intended")));
}

/** Leaves an effect of which nobody knows whether it happened to a person. */
export async function parkEffect(db: Db, key: string): Promise<void> {
  await db
    .update(effects)
    .set({ state: "parked" })
    .where(and(eq(effects.key, key), eq(effects.state, "intended")));
}

/** Effects that wait for a person, oldest first. */
export async function parkedEffects(db: Db, limit: number): Promise<Effect[]> {
  return db.select().from(effects).where(eq(effects.state, "parked")).orderBy(asc(effects.intendedAt)).limit(limit);
}
