import { and, eq, isNull } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { deadMessages } from "./control-schema.ts";

export type DeadMessage = typeof deadMessages.$inferSelect;

/** Stores messages that belong to no run. A redelivered message has the same id and is stored once. */
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

/** Dismisses a dead message. @returns undefined when it does not exist or is already dismissed */
export async function dismissDeadMessage(tx: Tx, id: string, now: Date): Promise<DeadMessage | undefined> {
  const [row] = await tx
    .update(deadMessages)
    .set({ resolvedAt: now })
    .where(and(eq(deadMessages.id, id), isNull(deadMessages.resolvedAt)))
    .returning();
  return row;
}
