import { sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import type { chatMessages } from "./personal-ops-schema.ts";

export type NewChatMessage = Pick<
  typeof chatMessages.$inferSelect,
  "chat" | "externalId" | "direction" | "text" | "sentAt"
>;

/**
 * Stores chat messages; one that is stored already is left as it is. Transactions that store messages follow each
 * other, so that a reader who has seen an id has seen all smaller ones.
 * @returns how many were new
 */
export async function storeChatMessages(tx: Tx, messages: readonly NewChatMessage[], now: Date): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('personal_ops.chat_messages', 0))`);
  const rows = await tx.execute(sql`
    insert into personal_ops.chat_messages (chat, external_id, direction, text, sent_at, stored_at)
    select m.chat, m."externalId", m.direction, m.text, m."sentAt", ${at(now)}
      from jsonb_to_recordset(${JSON.stringify(messages)}::jsonb)
        as m(chat text, "externalId" text, direction text, text text, "sentAt" timestamptz)
    on conflict (chat, external_id) do nothing
    returning id`);
  return rows.length;
}

export interface ChatMessage {
  readonly id: number;
  readonly chat: string;
  readonly text: string;
  readonly sentAt: Date;
  readonly isFromPerson: boolean;
}

/** The messages after an id, by id. */
export async function listChatMessages(db: Executor, after: number, limit: number): Promise<ChatMessage[]> {
  const rows = await db.execute<Omit<ChatMessage, "sentAt"> & { sentAt: string }>(sql`
    select id::float8 as id, chat, text, sent_at as "sentAt", direction = 'from_person' as "isFromPerson"
      from personal_ops.chat_messages
     where id > ${after}
     order by id
     limit ${limit}`);
  return rows.map(({ sentAt, ...message }) => ({ ...message, sentAt: new Date(sentAt) }));
}
