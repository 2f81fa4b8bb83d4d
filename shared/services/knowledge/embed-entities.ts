import {
  type EmbeddedSet,
  embeddedVersion,
  entitiesWithoutVector,
  recordEmbedded,
  removeUselessVectors,
  storeEntityVectors,
} from "#data/knowledge/dedup-entities.ts";
import type { FailedItem, JobContext } from "#jobs";
import type { Embedder } from "#providers/embedder.ts";
import { knowledgeTexts } from "#rules/knowledge/proposal-text.ts";
import { embedEach } from "./embed-each.ts";

/** Entities whose vectors are stored in one transaction. */
const BATCH = 256;

type Context = Pick<JobContext<unknown>, "db" | "signal" | "transaction">;

/**
 * Makes the vectors that the entities of a set lack, up to a version that was read before. An entity whose text the
 * service refuses fails alone, and is compared by its exact text. When vectors are lost, all entities are looked at.
 * Running twice is safe, also side by side.
 */
export async function embedEntities(
  { db, signal, transaction }: Context,
  embedder: Embedder,
  { kind, version }: { kind: EmbeddedSet["kind"]; version: number },
): Promise<{ generated: number; failed: FailedItem[] }> {
  const set = { kind, model: embedder.model };
  const newerThan = await embeddedVersion(db, set);
  if (newerThan === 0) await transaction((tx) => removeUselessVectors(tx, set));
  const failed: FailedItem[] = [];
  let generated = 0;
  for (let after = 0; newerThan < version;) {
    const page = await entitiesWithoutVector(db, set, { newerThan, after, limit: BATCH });
    if (page.length === 0) break;
    const embedded = await embedEach(
      { db, embedder, signal },
      page.map(({ title, body }) => knowledgeTexts[kind](title, body).embedded),
    );
    generated += embedded.generated;
    const rows = page.flatMap(({ id, contentHash }, i) => {
      const vector = embedded.vectors[i]!;
      if (vector instanceof Float32Array) return [{ id, contentHash, vector }];
      failed.push({ key: `${kind} ${id}`, error: vector });
      return [];
    });
    await transaction((tx) => storeEntityVectors(tx, set, rows));
    after = page.at(-1)!.id;
  }
  // A refused text is tried again by the next scan.
  if (newerThan < version && failed.length === 0) await transaction((tx) => recordEmbedded(tx, set, version));
  return { generated, failed };
}
