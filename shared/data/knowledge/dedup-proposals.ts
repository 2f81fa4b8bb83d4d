import { type SQL, sql } from "drizzle-orm";
import { bytesArray, plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { type Compared, isComparedBy, setCompared } from "./compared.ts";
import type { EntityText } from "./dedup-entities.ts";
import { tablesOf } from "./kind-tables.ts";
import type { KnowledgeKind, SimilarityType } from "./knowledge-schema.ts";

/** The proposals that were compared with no entity of use: never, by another model, or down to a higher similarity. */
function isNew(compared: Compared): SQL {
  return sql`(${isComparedBy(compared)} is not true)`;
}

/** The proposals that lack nothing but the entities of later versions. */
function isBehind(compared: Compared): SQL {
  return sql`(compared_version < ${compared.version} and ${isComparedBy(compared)})`;
}

/**
 * The next pending proposals, by id, that have no similar entity and have to be compared. `all`: with every entity;
 * `newer`: with those that are newer than their comparison.
 */
export async function proposalsToCompare(
  db: Executor,
  kind: KnowledgeKind,
  compared: Compared,
  { against, after, limit }: { against: "all" | "newer"; after: number; limit: number },
): Promise<readonly EntityText[]> {
  const { proposals, proposedTitle, proposedBody, similarId } = tablesOf(kind);
  return db.execute<EntityText & Record<string, unknown>>(sql`
    select id::float8 as id, ${proposedTitle} as title, ${proposedBody} as body, content_hash as "contentHash"
      from ${proposals}
     where status = 'pending' and ${similarId} is null and id > ${after}
       and ${against === "all" ? isNew(compared) : isBehind(compared)}
     order by id limit ${limit}`);
}

/** The lowest version up to which a proposal is compared that lacks the later ones; null without such a proposal. */
export async function lowestComparedVersion(
  db: Executor,
  kind: KnowledgeKind,
  compared: Compared,
): Promise<number | null> {
  const { proposals, similarId } = tablesOf(kind);
  const [row] = await db.execute<{ version: number | null }>(sql`
    select min(compared_version)::float8 as version from ${proposals}
     where status = 'pending' and ${similarId} is null and ${isBehind(compared)}`);
  return row!.version;
}

/** A proposal with the similar entities that were found, at most `SIMILAR_ENTITIES`. */
export interface ComparedProposal {
  readonly id: number;
  readonly contentHash: Buffer;
  readonly similar: readonly { readonly id: number; readonly score: number }[];
}

/** How many similar entities are found for a proposal, so that one is left when others are deleted meanwhile. */
export const SIMILAR_ENTITIES = 5;

/** A proposal after its comparison; flagged where `similarId` is not null. */
export interface RecordedComparison {
  readonly id: number;
  readonly title: string;
  readonly similarId: number | null;
  readonly score: number | null;
  readonly type: SimilarityType | null;
}

/**
 * Records the comparisons of proposals in one statement, and flags those with a similar entity: one with the same exact
 * key, or else the most similar one. A proposal that was decided or changed meanwhile is left out, and so is one whose
 * similar entities are all gone or changed: more of them may exist than were found.
 */
export async function recordComparisons(
  tx: Tx,
  kind: KnowledgeKind,
  { compared, proposals: given, now }: { compared: Compared; proposals: readonly ComparedProposal[]; now: Date },
): Promise<readonly RecordedComparison[]> {
  const { entities, proposals, proposedTitle, similarId } = tablesOf(kind);
  const found = given.flatMap(({ id, similar }) => similar.map((entity) => ({ ...entity, proposal: id })));
  return tx.execute<RecordedComparison & Record<string, unknown>>(sql`
    with given(id, content_hash) as (
      select * from unnest(${plainArray(given.map(({ id }) => id))}::bigint[],
                           ${bytesArray(given.map(({ contentHash }) => contentHash))})
    ),
    neighbour(id, entity_id, score) as (
      select * from unnest(
        ${plainArray(found.map(({ proposal }) => proposal))}::bigint[], ${plainArray(found.map(({ id }) => id))}::bigint[],
        ${plainArray(found.map(({ score }) => score))}::float8[])
    ),
    exact as (
      select distinct on (proposal.id) proposal.id, entity.id as entity_id
        from given
        join ${proposals} as proposal on proposal.id = given.id
        join ${entities} as entity on entity.exact_key = proposal.exact_key
       order by proposal.id, entity.id
    ),
    semantic as (
      select distinct on (neighbour.id) neighbour.id, entity_id, score
        from neighbour
        join ${entities} as entity on entity.id = entity_id and entity.version <= ${compared.version}
       order by neighbour.id, score desc, entity_id
    ),
    result as (
      select given.id, given.content_hash, coalesce(exact.entity_id, semantic.entity_id) as entity_id,
             case when exact.id is not null then 1 else semantic.score end as score,
             case when exact.id is not null then 'exact' when semantic.id is not null then 'semantic' end as type,
             coalesce(found.entities, 0) as found
        from given
        left join (select id, count(*) as entities from neighbour group by id) as found on found.id = given.id
        left join exact on exact.id = given.id
        left join semantic on semantic.id = given.id
    ),
    -- An entity that is being deleted is waited for, so that no flag refers to a deleted one.
    kept as (
      select entity.id from ${entities} as entity where entity.id in (select entity_id from result) for key share
    )
    update ${proposals} as proposal
       set ${similarId} = kept.id, similarity_score = result.score, similarity_type = result.type,
           ${setCompared(compared)}, dedup_scanned_at = ${at(now)}
      from result left join kept on kept.id = result.entity_id
     where proposal.id = result.id and proposal.content_hash = result.content_hash
       and proposal.status = 'pending' and proposal.${similarId} is null
       and case when result.entity_id is null then result.found < ${SIMILAR_ENTITIES} else kept.id is not null end
       and (compared_version >= ${compared.version} and ${isComparedBy(compared)}) is not true
    returning proposal.id::float8 as id, ${proposedTitle} as title, ${similarId}::float8 as "similarId",
              proposal.similarity_score as score, proposal.similarity_type as type`);
}
