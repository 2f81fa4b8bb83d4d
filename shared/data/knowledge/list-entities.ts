import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { atoms, topics } from "./knowledge-schema.ts";

interface Page {
  /** The id of the last one of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Known topics, newest first, with the number of their atoms. */
export async function listTopics(db: Executor, { before, limit }: Page) {
  return db
    .select({
      id: topics.id,
      name: topics.name,
      description: topics.description,
      atoms: sql<number>`(select count(*)::integer from ${atoms} atom where atom.topic_id = ${topics}.id)`,
      createdAt: topics.createdAt,
    })
    .from(topics)
    .where(before === undefined ? undefined : lt(topics.id, before))
    .orderBy(desc(topics.id))
    .limit(limit);
}

/** Known atoms, newest first. */
export async function listAtoms(
  db: Executor,
  { topic, before, limit }: Page & { readonly topic?: number | undefined },
) {
  return db
    .select({
      id: atoms.id,
      title: atoms.title,
      content: atoms.content,
      topic: atoms.topicId,
      topicName: topics.name,
      createdAt: atoms.createdAt,
    })
    .from(atoms)
    .leftJoin(topics, eq(topics.id, atoms.topicId))
    .where(
      and(
        topic === undefined ? undefined : eq(atoms.topicId, topic),
        before === undefined ? undefined : lt(atoms.id, before),
      ),
    )
    .orderBy(desc(atoms.id))
    .limit(limit);
}
