import type { Db } from "#data/client.ts";
import { topics } from "#data/knowledge/knowledge-schema.ts";
import { contentHash, exactKey, topicTexts } from "#rules/knowledge/proposal-text.ts";

/** A topic that exists. @returns its id */
export async function addTopic(db: Db, name: string): Promise<number> {
  const { embedded, exact } = topicTexts(name, "");
  const row = { name, exactKey: exactKey(exact), contentHash: contentHash(embedded), createdAt: new Date() };
  const [topic] = await db.insert(topics).values(row).returning();
  return topic!.id;
}
