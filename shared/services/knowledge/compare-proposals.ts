import { setImmediate as nextTurn } from "node:timers/promises";
import type { Db } from "#data/client.ts";
import type { Compared } from "#data/knowledge/compared.ts";
import { entitiesBetween, type EntityText, removeOrphanedVectors } from "#data/knowledge/dedup-entities.ts";
import {
  lowestComparedVersion,
  proposalsToCompare,
  recordComparisons,
  type RecordedComparison,
  SIMILAR_ENTITIES,
} from "#data/knowledge/dedup-proposals.ts";
import { entitySetVersion } from "#data/knowledge/entity-sets.ts";
import type { KnowledgeKind } from "#data/knowledge/knowledge-schema.ts";
import { nearest } from "#data/vectors/nearest.ts";
import { vectorsOf } from "#data/vectors/vector-items.ts";
import type { FailedItem, JobContext } from "#jobs";
import type { Embedder } from "#providers/embedder.ts";
import { knowledgeEvent } from "#rules/knowledge/knowledge-events.ts";
import { knowledgeTexts } from "#rules/knowledge/proposal-text.ts";
import { type Similar, similarityOf, similarTo } from "#rules/knowledge/similarity.ts";
import { embedEach } from "./embed-each.ts";
import { embedEntities } from "./embed-entities.ts";

/** Most newer entities that are compared in the process. More of them are compared like all. */
const MOST_NEWER = 2_000;

type Context = Pick<JobContext<unknown>, "db" | "signal" | "transaction" | "publish" | "clock" | "run">;

interface Scan {
  readonly kind: KnowledgeKind;
  readonly embedder: Embedder;
  readonly threshold: number;
  /** Proposals of one statement. */
  readonly batch: number;
}

export interface Scanned {
  readonly scanned: number;
  readonly duplicates: number;
  readonly generated: number;
  readonly failed: readonly FailedItem[];
}

/**
 * Compares the pending proposals of a kind with its entities, batch by batch: those that were compared before with the
 * newer ones alone. Running twice is safe, also side by side: a batch commits its comparisons together.
 */
export async function compareProposals(context: Context, scan: Scan): Promise<Scanned> {
  const { db } = context;
  const { kind, embedder, threshold } = scan;
  // Before the entities: what is added later is compared by the approval.
  const version = await entitySetVersion(db, kind);
  const compared = { version, model: embedder.model, threshold };
  const entities = await embedEntities(context, embedder, { kind, version });
  const sum = { scanned: 0, duplicates: 0, generated: entities.generated, failed: [...entities.failed] };

  for (const against of ["all", "newer"] as const) {
    const search = against === "all" ? allOf(db, compared, kind) : await newerOf(db, compared, kind);
    for (let after: number | undefined = 0; search && after !== undefined;) {
      const page = await proposalsToCompare(db, kind, compared, { against, after, limit: scan.batch });
      const { recorded, generated, failed } = await compareBatch(context, scan, { compared, page, search });
      sum.scanned += recorded.length;
      sum.duplicates += recorded.filter(({ similarId }) => similarId !== null).length;
      sum.generated += generated;
      sum.failed.push(...failed);
      after = page.at(-1)?.id;
    }
  }
  return sum;
}

/** For each vector the entities at or above the threshold, most similar first, at most `SIMILAR_ENTITIES`. */
type Search = (vectors: readonly Float32Array[]) => Promise<readonly (readonly Similar<number>[])[]>;

function allOf(db: Db, { model, threshold }: Compared, kind: KnowledgeKind): Search {
  return async (vectors) =>
    (await nearest(db, { kind, model }, vectors, SIMILAR_ENTITIES)).map((neighbours) =>
      neighbours
        .map(({ id, similarity }) => ({ id, score: similarityOf(similarity) }))
        .filter(({ score }) => score >= threshold),
    );
}

/** Searches the entities that some proposal was not compared with; undefined without such a proposal. */
async function newerOf(db: Db, compared: Compared, kind: KnowledgeKind): Promise<Search | undefined> {
  const { version, model, threshold } = compared;
  const lowest = await lowestComparedVersion(db, kind, compared);
  if (lowest === null) return undefined;
  const ids = await entitiesBetween(db, kind, { after: lowest, until: version, limit: MOST_NEWER });
  if (!ids) return allOf(db, compared, kind);
  const entities = await vectorsOf(db, { kind, model }, ids);
  return async (vectors) => {
    const found: Similar<number>[][] = [];
    for (const vector of vectors) {
      found.push(similarTo(vector, entities, { threshold, k: SIMILAR_ENTITIES }));
      // Heartbeats and other runs of the process have their turn.
      await nextTurn();
    }
    return found;
  };
}

async function compareBatch(
  { db, signal, transaction, publish, clock, run }: Context,
  { kind, embedder }: Scan,
  { compared, page, search }: { compared: Compared; page: readonly EntityText[]; search: Search },
): Promise<{ recorded: readonly RecordedComparison[]; generated: number; failed: FailedItem[] }> {
  if (page.length === 0) return { recorded: [], generated: 0, failed: [] };
  signal.throwIfAborted();
  const { vectors, generated } = await embedEach(
    { db, embedder, signal },
    page.map(({ title, body }) => knowledgeTexts[kind](title, body).embedded),
  );
  const embedded = page.flatMap((proposal, i) => {
    const vector = vectors[i]!;
    return vector instanceof Float32Array ? [{ ...proposal, vector }] : [];
  });
  const similar = await search(embedded.map(({ vector }) => vector));
  const proposals = embedded.map(({ id, contentHash }, i) => ({ id, contentHash, similar: similar[i]! }));
  const recorded = await transaction(async (tx) => {
    const rows = await recordComparisons(tx, kind, { compared, proposals, now: clock.now() });
    if (rows.length < proposals.length) {
      const ids = new Set(similar.flatMap((entities) => entities.map(({ id }) => id)));
      await removeOrphanedVectors(tx, kind, [...ids]);
    }
    publish(
      tx,
      rows.flatMap((row) => duplicateDetected(row, { kind, runId: run.id })),
    );
    return rows;
  });
  const failed = page.flatMap(({ id }, i) => {
    const error = vectors[i]!;
    return error instanceof Float32Array ? [] : [{ key: `${kind} proposal ${id}`, error }];
  });
  return { recorded, generated, failed };
}

function duplicateDetected(
  { id, title, similarId, score, type }: RecordedComparison,
  { kind, runId }: { kind: KnowledgeKind; runId: string },
) {
  if (similarId === null) return [];
  return knowledgeEvent("proposal.duplicate_detected", {
    kind,
    proposalId: id,
    title,
    similarEntityId: similarId,
    similarityScore: score!,
    similarityType: type!,
    runId,
  });
}
