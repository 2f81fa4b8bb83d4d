import type { Db } from "../client.ts";
import { deadMessages } from "./steering-schema.ts";

export type DeadMessage = typeof deadMessages.$inferSelect;

/** Keeps messages that nobody could read; the same message delivered again is kept once. */
export async function insertDeadMessages(db: Db, messages: readonly Omit<DeadMessage, "resolvedAt">[]): Promise<void> {
  await db
    .insert(deadMessages)
    .values([...messages])
    .onConflictDoNothing();
}
