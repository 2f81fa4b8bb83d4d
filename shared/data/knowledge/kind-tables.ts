import { type SQL, sql } from "drizzle-orm";
import { atomProposals, atoms, type KnowledgeKind, topicProposals, topics } from "./knowledge-schema.ts";

/** The tables of a kind, and their columns whose names differ between the kinds, for queries that serve both. */
export interface KindTables {
  readonly entities: SQL;
  readonly proposals: SQL;
  /** Columns of an entity: its name or title, and its description or content. */
  readonly title: SQL;
  readonly body: SQL;
  /** The same of a proposal. */
  readonly proposedTitle: SQL;
  readonly proposedBody: SQL;
  /** Columns of a proposal: the entity that it is similar to, and the one that came of it. */
  readonly similarId: SQL;
  readonly entityId: SQL;
}

const TABLES: Readonly<Record<KnowledgeKind, KindTables>> = {
  topic: {
    entities: sql`${topics}`,
    proposals: sql`${topicProposals}`,
    title: sql`name`,
    body: sql`description`,
    proposedTitle: sql`proposed_name`,
    proposedBody: sql`proposed_description`,
    similarId: sql`similar_topic_id`,
    entityId: sql`topic_id`,
  },
  atom: {
    entities: sql`${atoms}`,
    proposals: sql`${atomProposals}`,
    title: sql`title`,
    body: sql`content`,
    proposedTitle: sql`proposed_title`,
    proposedBody: sql`proposed_content`,
    similarId: sql`similar_atom_id`,
    entityId: sql`atom_id`,
  },
};

export function tablesOf(kind: KnowledgeKind): KindTables {
  return TABLES[kind];
}
