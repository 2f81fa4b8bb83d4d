import { desc, eq, isNull } from "drizzle-orm";
import type { Db } from "../client.ts";
import { deadMessages } from "./steering-schema.ts";

export type DeadMessage = typeof deadMessages.$inferSelect;

/** Keeps messages that nobody could read; the same message delivered again is kept once. */
export async function insertDeadMessages(db: Db, messages: readonly Omit<DeadMessage, "resolvedAt">[]): Promise<void> {
  await db.insert(deadMessages).values([...messages]).onConflictDoNothing();
}

/** Newest first. */
export async function listDeadMessages(db: Db, limit: number): Promise<DeadMessage[]> {
  return db
    .select()
    .from(deadMessages)
    .where(isNull(deadMessages.resolvedAt))
    .orderBy(desc(deadMessages.receivedAt))
    .limit(limit);
}

export async function resolveDeadMessage(db: Db, id: string, now: Date): Promise<void> {
  await db.update(deadMessages).set({ resolvedAt: now }).where(eq(deadMessages.id, id));
}
