import { type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { removeVectors, storeVectors, type VectorRow } from "../vectors/vector-items.ts";
import { codes, items } from "../vectors/vectors-schema.ts";
import { tablesOf } from "./kind-tables.ts";
import { entitySets, type KnowledgeKind } from "./knowledge-schema.ts";

/** The entities of a kind with their vectors of one model. */
export interface EmbeddedSet {
  readonly kind: KnowledgeKind;
  readonly model: string;
}

/** A text to embed. */
export interface EntityText {
  readonly id: number;
  readonly title: string;
  readonly body: string;
  readonly contentHash: Buffer;
}

/**
 * The version up to which every entity has a vector of the model; 0 for a new model, or when there are more or fewer
 * vectors than entities.
 */
export async function embeddedVersion(db: Executor, { kind, model }: EmbeddedSet): Promise<number> {
  const { entities } = tablesOf(kind);
  const [set] = await db.execute<{ version: number }>(sql`
    select case when embedded_model = ${model}
                 and (select count(*) from ${codes} where kind = ${kind} and model = ${model})
                   = (select count(*) from ${entities})
                     - (select count(*) from ${entities} as entity
                         where version > embedded_version and ${hasNoVector({ kind, model })})
                then embedded_version else 0 end::float8 as version
      from ${entitySets} where kind = ${kind}`);
  return set!.version;
}

/** Of an entity. One lookup by key: of "not exists" the planner may make a join that compares all with all. */
function hasNoVector({ kind, model }: EmbeddedSet): SQL {
  return sql`(select code.id from ${codes} as code
               where code.kind = ${kind} and code.model = ${model} and code.id = entity.id) is null`;
}

/** Removes the vectors that no entity has any more, and those that a search does not see. */
export async function removeUselessVectors(tx: Tx, { kind, model }: EmbeddedSet): Promise<void> {
  await tx.execute(sql`
    delete from ${items} as item
     where kind = ${kind} and model = ${model}
       and ((select entity.id from ${tablesOf(kind).entities} as entity where entity.id = item.id) is null
         or (select code.id from ${codes} as code
              where code.kind = ${kind} and code.model = ${model} and code.id = item.id) is null)`);
}

/** Records that every entity up to a version has a vector of the model. */
export async function recordEmbedded(tx: Tx, { kind, model }: EmbeddedSet, version: number): Promise<void> {
  await tx.execute(sql`
    update ${entitySets} set embedded_model = ${model}, embedded_version = ${version}
     where kind = ${kind} and (embedded_model is distinct from ${model} or embedded_version < ${version})`);
}

/** The next entities that are newer than a version and lack a vector of their present text, by id. */
export async function entitiesWithoutVector(
  db: Executor,
  { kind, model }: EmbeddedSet,
  { newerThan, after, limit }: { newerThan: number; after: number; limit: number },
): Promise<readonly EntityText[]> {
  const { entities, title, body } = tablesOf(kind);
  return db.execute<EntityText & Record<string, unknown>>(sql`
    select id::float8 as id, ${title} as title, ${body} as body, content_hash as "contentHash"
      from ${entities} as entity
     where version > ${newerThan} and id > ${after}
       -- One lookup by key each. Of "not exists" the planner makes a join that compares all with all while it has no
       -- statistics of a new model.
       and (select item.content_hash from ${items} as item
             where item.kind = ${kind} and item.model = ${model} and item.id = entity.id)
           is distinct from entity.content_hash
     order by id limit ${limit}`);
}

/**
 * Stores vectors of the entities whose text is still the embedded one. The lock keeps it so until the commit: a vector
 * of an earlier text never replaces that of a later one.
 */
export async function storeEntityVectors(tx: Tx, set: EmbeddedSet, rows: readonly VectorRow[]): Promise<void> {
  const current = await tx.execute<{ id: number; contentHash: Buffer }>(sql`
    select id::float8 as id, content_hash as "contentHash" from ${tablesOf(set.kind).entities}
     where id = any(${plainArray(rows.map(({ id }) => id))}::bigint[]) order by id for share`);
  const hashes = new Map(current.map(({ id, contentHash }) => [id, contentHash]));
  await storeVectors(
    tx,
    set,
    rows.filter(({ id, contentHash }) => hashes.get(id)?.equals(contentHash)),
  );
}

/** The entities that are newer than a version, up to another. @returns undefined when they are more than `limit` */
export async function entitiesBetween(
  db: Executor,
  kind: KnowledgeKind,
  { after, until, limit }: { after: number; until: number; limit: number },
): Promise<readonly number[] | undefined> {
  const rows = await db.execute<{ id: number }>(sql`
    select id::float8 as id from ${tablesOf(kind).entities}
     where version > ${after} and version <= ${until} order by version limit ${limit + 1}`);
  return rows.length > limit ? undefined : rows.map(({ id }) => id);
}

/** Removes the vectors of those of these entities that are deleted. */
export async function removeOrphanedVectors(tx: Tx, kind: KnowledgeKind, ids: readonly number[]): Promise<void> {
  const orphans = await tx.execute<{ id: number }>(sql`
    select id from unnest(${plainArray(ids)}::float8[]) as given(id)
     where not exists (select from ${tablesOf(kind).entities} as entity where entity.id = given.id)`);
  await removeVectors(
    tx,
    kind,
    orphans.map(({ id }) => id),
  );
}

/**
 * Deletes vectors of models that this one has replaced, at most `limit`: those of one model, once every entity has a
 * vector of the new one.
 * @returns how many
 */
export async function deleteReplacedVectors(tx: Tx, { kind, model }: EmbeddedSet, limit: number): Promise<number> {
  const ofKind = sql`select model from ${items} where kind = ${kind}`;
  const deleted = await tx.execute(sql`
    with replaced as (
      -- Each side is one lookup by the key, however many vectors there are.
      (${ofKind} and model < ${model} order by model limit 1) union all
      (${ofKind} and model > ${model} order by model limit 1)
    )
    delete from ${items} where kind = ${kind} and model = (select model from replaced limit 1) and id = any (array(
      select id from ${items} where kind = ${kind} and model = (select model from replaced limit 1)
         and exists (select from ${entitySets} where kind = ${kind} and embedded_model = ${model})
       order by id limit ${limit} for update))`);
  return deleted.count;
}
