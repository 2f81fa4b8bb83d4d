import { eq } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { entitySets, type KnowledgeKind } from "./knowledge-schema.ts";

/** The version of a set. Entities that are read after it are complete up to this version. */
export async function entitySetVersion(db: Executor, kind: KnowledgeKind): Promise<number> {
  const [set] = await db.select({ version: entitySets.version }).from(entitySets).where(eq(entitySets.kind, kind));
  return set!.version;
}

/**
 * Locks a set until the transaction ends: no other transaction adds or renames an entity of it meanwhile. Lock the set
 * before its proposals, as every transaction does, so that two cannot deadlock.
 * @returns its version
 */
export async function lockEntitySet(tx: Tx, kind: KnowledgeKind): Promise<number> {
  const [set] = await tx
    .select({ version: entitySets.version })
    .from(entitySets)
    .where(eq(entitySets.kind, kind))
    .for("update");
  return set!.version;
}
