import type { Tx } from "#data/client.ts";
import type { KnowledgeKind } from "#data/knowledge/knowledge-schema.ts";
import { recallOf, sampleSearches } from "#data/vectors/measure-recall.ts";
import { MEASURED_NEIGHBOURS } from "#data/vectors/nearest.ts";
import { createPgvector, pgvector } from "#data/vectors/pgvector.ts";
import { indexFault } from "#data/vectors/usable-index.ts";
import {
  applyChanges,
  buildGraph,
  countVectors,
  deleteIndex,
  failIndex,
  fillIndex,
  hasGraph,
  type IndexedSet,
  indexOf,
  lockIndex,
  type Measured,
  noteMissing,
  rejectIndex,
  startIndex,
  suspendIndex,
  useIndex,
  type VectorIndex,
} from "#data/vectors/vector-index.ts";
import { daysBefore, type JobContext, type JobLog } from "#jobs";

/** Vectors of one transaction: of an empty table, and of one with a graph, which takes milliseconds for each. */
const [FILL_BATCH, CHANGE_BATCH] = [1_000, 100];
/** The recall that an index must reach, and the searches by which it is measured. */
const [RECALL, SEARCHES] = [0.99, 200];
/** Values of `hnsw.ef_search`, the lowest first: a search visits so many vectors. */
const EF_SEARCH = [64, 128, 256, 512, 1_000];
/** The share of changed vectors after which an index is measured again. */
const CHANGED = 0.25;

interface Context extends Pick<JobContext<unknown>, "db" | "signal" | "transaction" | "clock"> {
  readonly log: Pick<JobLog, "info" | "error">;
}

interface Upkeep {
  readonly kind: KnowledgeKind;
  readonly model: string;
  readonly dimensions: number;
  /** A smaller set is searched without an index. */
  readonly minVectors: number;
  readonly memoryMb: number;
}

/** How the set is searched from now on, and what was brought into its index. */
export interface Maintained {
  readonly search: string;
  readonly indexed: number;
  readonly repaired: number;
}

/**
 * Makes and measures the index of a set where pgvector is, and brings the changes of its vectors into it. Each step
 * commits alone: a run that is killed continues with the next one.
 */
export async function maintainIndex(context: Context, upkeep: Upkeep): Promise<Maintained> {
  const { db, transaction, clock, log } = context;
  const scan = (reason: string) => ({ search: `all vectors: ${reason}`, indexed: 0, repaired: 0 });
  const vectors = await countVectors(db, upkeep);
  let index = await indexOf(db, upkeep);
  if (index && isOutdated(index, vectors, upkeep, clock.now())) {
    await transaction((tx) => deleteIndex(tx, index!.id));
    index = undefined;
  }
  if (vectors < upkeep.minVectors) return scan(`fewer than ${upkeep.minVectors}`);
  if (index?.state === "failed") return scan(index.error!);
  if (index?.state === "rejected") return scan(`the index found ${index.recall} of the nearest`);
  const obstacle = await obstacleOf(context);
  if (obstacle !== undefined) return scan(obstacle);
  try {
    index ??= await transaction((tx) => startIndex(tx, upkeep, { dimensions: upkeep.dimensions, now: clock.now() }));
    return await keepUp(context, { ...index, memoryMb: upkeep.memoryMb });
  } catch (error) {
    const fault = indexFault(error);
    if (fault === undefined) throw error;
    log.error("The index of vectors cannot be made; searches compare all vectors", { kind: upkeep.kind, error });
    await transaction((tx) => failIndex(tx, upkeep, { dimensions: upkeep.dimensions, error: fault, now: clock.now() }));
    return scan(fault);
  }
}

/** Whether to build it again: after a day, after growth, or because the set is small now. */
function isOutdated(index: VectorIndex, vectors: number, { minVectors }: Upkeep, now: Date): boolean {
  if (vectors < minVectors / 2) return true;
  if (index.state === "failed") return index.changedAt < daysBefore(now, 1);
  return index.state === "rejected" && vectors > (1 + CHANGED) * index.measuredVectors!;
}

/** Why there can be no index here. Creates the extension where the server allows it. */
async function obstacleOf({ db, transaction, log }: Context): Promise<string | undefined> {
  const found = await pgvector(db);
  if (found.installed === null && found.available === null) return "this PostgreSQL has no pgvector";
  if (found.installed === null) {
    try {
      await transaction(createPgvector);
      log.info("Created the extension vector", { version: found.available });
    } catch (error) {
      const fault = indexFault(error);
      if (fault === undefined) throw error;
      return `the extension vector cannot be created: ${fault}`;
    }
  }
  const { installed, isUsable } = await pgvector(db);
  return isUsable ? undefined : `pgvector ${installed} has no halfvec: 0.7 is needed, in a schema of the search path`;
}

/** Brings an index up to date, step by step, and measures it when that is due. */
async function keepUp(context: Context, index: VectorIndex & { readonly memoryMb: number }): Promise<Maintained> {
  const { db, transaction, clock } = context;
  const built = await hasGraph(db, index);
  if (!built) {
    await transaction((tx) => suspendIndex(tx, index.id));
    await inLockedSteps(context, index, (tx) => fillIndex(tx, index, FILL_BATCH));
  }
  let repaired = 0;
  await transaction(async (tx) => {
    if (await lockIndex(tx, index)) repaired = await noteMissing(tx, index);
  });
  let indexed = await inLockedSteps(context, index, (tx) => applyChanges(tx, index, CHANGE_BATCH));
  if (!built) {
    await transaction(async (tx) => {
      if (await lockIndex(tx, index)) await buildGraph(tx, index, index.memoryMb);
    });
    indexed += await inLockedSteps(context, index, (tx) => applyChanges(tx, index, CHANGE_BATCH));
  }
  const counts = { indexed, repaired };
  const now = await indexOf(db, index);
  if (now?.state !== "filling" && now?.state !== "ready") return { search: "all vectors", ...counts };
  const isDue = now.state === "filling" || now.changedSince > CHANGED * now.measuredVectors!;
  if (!isDue) return { search: searchOf(now), ...counts };
  const measured = await measure(context, index);
  if (measured.recall >= RECALL) {
    await transaction((tx) => useIndex(tx, index.id, measured, clock.now()));
    return { search: searchOf(measured), ...counts };
  }
  // An index that was good has become worse by its changes: a new one may be good again.
  if (now.state === "ready") await transaction((tx) => deleteIndex(tx, index.id));
  else await transaction((tx) => rejectIndex(tx, index.id, measured, clock.now()));
  return { search: `all vectors: the index found ${measured.recall} of the nearest`, ...counts };
}

/** The lowest `ef_search` that finds enough, or else the highest one, with its recall. */
async function measure({ db, signal }: Context, index: IndexedSet): Promise<Measured> {
  const vectors = await countVectors(db, index);
  const searches = await sampleSearches(db, index, SEARCHES);
  let measured: Measured | undefined;
  for (const efSearch of EF_SEARCH) {
    signal.throwIfAborted();
    const { id, dimensions } = index;
    const recall = await recallOf(db, index, searches, { id, dimensions, efSearch });
    measured = { efSearch, recall, sampled: searches.length, vectors };
    if (recall >= RECALL) break;
  }
  return measured!;
}

/** Repeats a step, each in a transaction that locks the index, until it finds nothing. @returns the sum */
async function inLockedSteps(
  { signal, transaction }: Context,
  index: IndexedSet,
  step: (tx: Tx) => Promise<number>,
): Promise<number> {
  for (let sum = 0; ;) {
    signal.throwIfAborted();
    const count = await transaction(async (tx) => ((await lockIndex(tx, index)) ? step(tx) : 0));
    sum += count;
    if (count === 0) return sum;
  }
}

function searchOf({ efSearch, recall }: { readonly efSearch: number | null; readonly recall: number | null }): string {
  return `index: recall@${MEASURED_NEIGHBOURS} ${recall} at ef_search ${efSearch}`;
}
