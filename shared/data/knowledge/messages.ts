import { and, eq, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { extractionMessages, type KnowledgeMessage, messages } from "./knowledge-schema.ts";

export type NewMessage = Omit<KnowledgeMessage, "extractedAt">;

/**
 * Stores messages; one that is stored already keeps its text. All of them stay until the transaction ends: a cleanup
 * waits for it.
 * @returns the stored messages in the given order: one with another id was known
 */
export async function storeMessages(
  tx: Tx,
  given: readonly NewMessage[],
): Promise<Pick<KnowledgeMessage, "id" | "text">[]> {
  // In one order, so that two requests with the same messages cannot wait for each other.
  const ordered = given.toSorted((a, b) => order(keyOf(a), keyOf(b)));
  const rows = await tx
    .insert(messages)
    .values(ordered)
    // Changes nothing: it locks the known message, and returns it.
    .onConflictDoUpdate({ target: [messages.source, messages.externalId], set: { source: sql`excluded.source` } })
    .returning({
      id: messages.id,
      text: messages.text,
      source: messages.source,
      externalId: messages.externalId,
    });
  const stored = new Map(rows.map((row) => [keyOf(row), row]));
  return given.map((message) => stored.get(keyOf(message))!);
}

function keyOf({ source, externalId }: Pick<KnowledgeMessage, "source" | "externalId">): string {
  return `${source}\0${externalId}`;
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Makes messages a part of an extraction, in their order. */
export async function linkMessages(tx: Tx, extractionRunId: string, ids: readonly string[]): Promise<void> {
  await tx
    .insert(extractionMessages)
    .values(ids.map((messageId, position) => ({ extractionRunId, messageId, position })));
}

/** A message of an extraction. */
export interface MessageToExtract extends Pick<KnowledgeMessage, "id" | "source" | "author" | "text" | "sentAt"> {
  /** Whether nothing has come of it yet, neither proposals nor a failure of this extraction. */
  readonly isUnread: boolean;
}

/** The messages of an extraction, in the order of the request. */
export async function messagesOf(db: Executor, extractionRunId: string): Promise<MessageToExtract[]> {
  const { id, source, author, text, sentAt } = messages;
  return db
    .select({
      id,
      source,
      author,
      text,
      sentAt,
      isUnread: sql<boolean>`${messages.extractedAt} is null and ${extractionMessages.failure} is null`,
    })
    .from(extractionMessages)
    .innerJoin(messages, eq(messages.id, extractionMessages.messageId))
    .where(eq(extractionMessages.extractionRunId, extractionRunId))
    .orderBy(extractionMessages.position);
}

/**
 * Marks messages as extracted. Of two transactions with the same message, one gets it.
 * @returns the ids of those that were not extracted before
 */
export async function markExtracted(tx: Tx, ids: readonly string[], now: Date): Promise<ReadonlySet<string>> {
  // Locked in one order, so that two runs with the same messages cannot wait for each other.
  const rows = await tx.execute<{ id: string }>(sql`
    with unread as (
      select id from knowledge.messages
       where id = any (${plainArray(ids)}::uuid[]) and extracted_at is null order by id for no key update
    )
    update knowledge.messages set extracted_at = ${at(now)} from unread where messages.id = unread.id
    returning messages.id`);
  return new Set(rows.map(({ id }) => id));
}

export async function recordMessageFailure(
  tx: Tx,
  { extractionRunId, messageId, reason }: { extractionRunId: string; messageId: string; reason: string },
): Promise<void> {
  await tx
    .update(extractionMessages)
    .set({ failure: reason })
    .where(and(eq(extractionMessages.extractionRunId, extractionRunId), eq(extractionMessages.messageId, messageId)));
}
