import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { analysisCandidates, type DealFigures } from "./analysis-run-schema.ts";
import { liens } from "./tax-lien-schema.ts";

/** The number of available liens by county, in the order of the ids. */
export async function countAvailable(db: Executor, countyIds: readonly string[]): Promise<Record<string, number>> {
  const rows = await db.execute<{ countyId: string; count: number }>(sql`
    select county_id as "countyId", count(*)::integer as count
      from ${liens}
     where county_id = any (${plainArray(countyIds)}) and status = 'available'
     group by county_id`);
  const counts = new Map([...rows].map(({ countyId, count }) => [countyId, count]));
  return Object.fromEntries(countyIds.map((id) => [id, counts.get(id) ?? 0]));
}

/** The ids of the next available liens of a county. */
export async function availableLiens(
  db: Executor,
  countyId: string,
  { after, limit }: { after: number; limit: number },
): Promise<number[]> {
  const rows = await db.execute<{ id: number }>(sql`
    select id::float8 as id
      from ${liens}
     where county_id = ${countyId} and status = 'available' and id > ${after}
     order by id limit ${limit}`);
  return [...rows].map(({ id }) => id);
}

/** A lien that meets an investor's constraints. Decimals as text. */
export interface StoredCandidate {
  readonly lienId: number;
  readonly countyId: string;
  readonly cost: string;
  readonly dealScore: string;
  readonly metrics: DealFigures;
}

/** @param candidates each lien once, none of them stored */
export async function insertCandidates(tx: Tx, analysisRunId: string, candidates: readonly StoredCandidate[]) {
  if (candidates.length === 0) return;
  await tx.execute(sql`
    insert into ${analysisCandidates} (analysis_run_id, lien_id, county_id, cost, deal_score, metrics)
    select ${analysisRunId}::uuid, "lienId", "countyId", cost, "dealScore", metrics
      from jsonb_to_recordset(${JSON.stringify(candidates)}::jsonb) as given
           ("lienId" bigint, "countyId" text, cost numeric, "dealScore" numeric, metrics jsonb)`);
}

/**
 * The candidates with a still available lien, in the order of `compareCandidates`: higher score first, then lower id.
 * Reads page by page on demand.
 */
export async function* rankedCandidates(
  db: Executor,
  analysisRunId: string,
  pageSize = 1_000,
): AsyncGenerator<StoredCandidate, void> {
  let last: StoredCandidate | undefined;
  do {
    const page = await nextRanked(db, analysisRunId, { after: last, limit: pageSize });
    yield* page;
    last = page.at(-1);
  } while (last);
}

async function nextRanked(
  db: Executor,
  analysisRunId: string,
  { after, limit }: { after: StoredCandidate | undefined; limit: number },
): Promise<StoredCandidate[]> {
  // The first bound uses the index; the second skips candidates of the same score that were already returned.
  const rest = after
    ? sql`and c.deal_score <= ${after.dealScore}::numeric
          and (c.deal_score < ${after.dealScore}::numeric or c.lien_id > ${after.lienId})`
    : sql``;
  const rows = await db.execute<StoredCandidate & Record<string, unknown>>(sql`
    select c.lien_id::float8 as "lienId", c.county_id as "countyId", c.cost::text as cost,
           c.deal_score::text as "dealScore", c.metrics
      from ${analysisCandidates} as c
      join ${liens} as lien on lien.id = c.lien_id and lien.status = 'available'
     where c.analysis_run_id = ${analysisRunId}::uuid ${rest}
     order by c.deal_score desc, c.lien_id limit ${limit}`);
  return [...rows];
}

/** The candidates with a still available lien: their number, and the lowest cost; null without any. */
export async function candidateTotals(
  db: Executor,
  analysisRunId: string,
): Promise<{ count: number; leastCost: string | null }> {
  const [row] = await db.execute<{ count: number; leastCost: string | null }>(sql`
    select count(*)::integer as count, min(c.cost)::text as "leastCost"
      from ${analysisCandidates} as c
      join ${liens} as lien on lien.id = c.lien_id and lien.status = 'available'
     where c.analysis_run_id = ${analysisRunId}::uuid`);
  return row!;
}
