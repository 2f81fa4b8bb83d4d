import { and, eq, isNull } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { deadMessages } from "./control-schema.ts";

export type DeadMessage = typeof deadMessages.$inferSelect;

/** Keeps messages that led to no run; one that is delivered again comes with the same id and is kept once. */
export async function insertDeadMessages(db: Db, messages: readonly Omit<DeadMessage, "resolvedAt">[]): Promise<void> {
  await db
    .insert(deadMessages)
    .values([...messages])
    .onConflictDoNothing();
}

export async function findDeadMessage(db: Executor, id: string): Promise<DeadMessage | undefined> {
  const [row] = await db.select().from(deadMessages).where(eq(deadMessages.id, id));
  return row;
}

/** Puts a message away that nobody could read. @returns undefined when there is none, or it was put away before */
export async function dismissDeadMessage(tx: Tx, id: string, now: Date): Promise<DeadMessage | undefined> {
  const [row] = await tx
    .update(deadMessages)
    .set({ resolvedAt: now })
    .where(and(eq(deadMessages.id, id), isNull(deadMessages.resolvedAt)))
    .returning();
  return row;
}
