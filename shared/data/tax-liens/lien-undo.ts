import { and, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { inSteps } from "../in-steps.ts";
import { at } from "../sql-instant.ts";
import { deals } from "./analysis-run-schema.ts";
import { dealMetrics, subsequentTaxes } from "./analysis-schema.ts";
import { decisionEvents } from "./decision-schema.ts";
import { documents } from "./document-schema.ts";
import { restoreValues } from "./earlier-values.ts";
import { earlierLiens } from "./earlier-values-schema.ts";
import { type CountyBefore, type LienIngestion, lienIngestions } from "./ingestion-schema.ts";
import { counties, liens, properties } from "./tax-lien-schema.ts";
import { propertyValuations } from "./valuation-schema.ts";

const ROWS = 20_000;
const NAMED = 5;

/** Records that rest on liens: how many, and the first ones for people. */
export interface Dependents {
  readonly kind: "deals" | "decisions" | "documents" | "subsequent taxes";
  readonly count: number;
  readonly examples: readonly string[];
}

/** The records that rest on what a finished ingestion created or changed. */
export async function dependentsOfIngestion(
  db: Executor,
  { id, countyId, finishedAt }: LienIngestion,
  before: CountyBefore,
): Promise<Dependents[]> {
  const isChanged = sql`exists (select from ${earlierLiens} e where e.ingestion_id = ${id} and e.id = l.id)`;
  return dependents(db, countyId, {
    created: sql`l.id > ${before.lienId}`,
    changed: (since) => sql`(l.id > ${before.lienId} or (${since} >= ${at(finishedAt!)} and ${isChanged}))`,
  });
}

/** The records that rest on any lien of a county. */
export async function dependentsOfCounty(db: Executor, countyId: string): Promise<Dependents[]> {
  return dependents(db, countyId, { created: sql`true`, changed: () => sql`true` });
}

async function dependents(
  db: Executor,
  countyId: string,
  { created, changed }: { created: SQL; changed: (since: SQL) => SQL },
): Promise<Dependents[]> {
  const ofCounty = (join: SQL, which: SQL) => sql`from ${liens} l ${join} where l.county_id = ${countyId} and ${which}`;
  const queries: [Dependents["kind"], SQL][] = [
    [
      "deals",
      sql`select 'deal ' || d.id || ' on ' || l.identity as name
        ${ofCounty(sql`join ${deals} d on d.lien_id = l.id`, changed(sql`d.created_at`))}`,
    ],
    [
      "decisions",
      sql`select 'decision ' || e.decision_id || ' on ' || l.identity as name
        ${ofCounty(sql`join ${deals} d on d.lien_id = l.id join ${decisionEvents} e on e.deal_id = d.id`, changed(sql`e.at`))}`,
    ],
    [
      "documents",
      sql`select 'document ' || f.id || ' about ' || l.identity as name
        ${ofCounty(sql`join ${documents} f on f.lien_id = l.id`, changed(sql`f.created_at`))}
        union all select 'document ' || f.id || ' about ' || l.identity
        ${ofCounty(sql`join ${deals} d on d.lien_id = l.id join ${documents} f on f.deal_id = d.id`, changed(sql`f.created_at`))}`,
    ],
    [
      "subsequent taxes",
      sql`select 'tax of ' || x.day || ' on ' || l.identity as name
        ${ofCounty(sql`join ${subsequentTaxes} x on x.lien_id = l.id`, created)}`,
    ],
  ];
  const found: Dependents[] = [];
  for (const [kind, names] of queries) {
    const [row] = await db.execute<{ count: number; examples: string[] | null }>(sql`
      select count(*)::integer as count, to_jsonb((array_agg(name order by name))[:${sql.raw(String(NAMED))}]) as examples
        from (${names}) as found`);
    if (row!.count > 0) found.push({ kind, count: row!.count, examples: row!.examples ?? [] });
  }
  return found;
}

/** Ingestions of a county after one of them that run or have changed its liens. */
export async function laterIngestions(
  db: Executor,
  { countyId, id }: Pick<LienIngestion, "countyId" | "id">,
): Promise<Pick<LienIngestion, "id" | "state">[]> {
  return db
    .select({ id: lienIngestions.id, state: lienIngestions.state })
    .from(lienIngestions)
    .where(
      and(
        eq(lienIngestions.countyId, countyId),
        gt(lienIngestions.id, id),
        inArray(lienIngestions.state, ["running", "succeeded"]),
      ),
    )
    .orderBy(lienIngestions.id)
    .limit(NAMED);
}

export interface Undone {
  /** Liens and properties that got their earlier values. */
  readonly restored: number;
  /** Created liens that are gone. */
  readonly removed: number;
  readonly properties: number;
}

/**
 * Returns the liens and properties of a county to their values before an ingestion. Call it under the lock of the
 * county. A created property with a valuation stays, because valuations are never deleted.
 */
export async function undoIngestion(
  tx: Tx,
  { id, countyId, finishedAt }: LienIngestion,
  before: CountyBefore,
  by: { readonly who: string; readonly reason: string; readonly now: Date },
): Promise<Undone> {
  // Figures that were computed from the values that go.
  await tx.execute(sql`
    delete from ${dealMetrics} m using ${earlierLiens} e
     where e.ingestion_id = ${id} and m.lien_id = e.id and m.computed_at >= ${at(finishedAt!)}`);
  const restored = await inSteps(ROWS, (limit) => restoreValues(tx, "liens", id, limit));
  await inSteps(ROWS, (limit) => restoreValues(tx, "properties", id, limit));
  const removed = await deleteAfter(tx, sql`${liens} l`, sql`l.id > ${before.lienId} and l.county_id = ${countyId}`);
  const gone = await deleteAfter(
    tx,
    sql`${properties} l`,
    sql`l.id > ${before.propertyId} and l.county_id = ${countyId}
        and not exists (select from ${propertyValuations} v where v.property_id = l.id)`,
  );
  const { lastRows, lastIngestedAt } = before;
  await tx
    .update(counties)
    .set({ lastRows, lastIngestedAt: lastIngestedAt === null ? null : new Date(lastIngestedAt) })
    .where(eq(counties.id, countyId));
  const { who: undoneBy, reason: undoReason, now: undoneAt } = by;
  await tx
    .update(lienIngestions)
    .set({ state: "undone", before: null, undoneAt, undoneBy, undoReason })
    .where(eq(lienIngestions.id, id));
  return { restored, removed, properties: gone };
}

/** Deletes rows of a table with the alias `l`, in steps. */
async function deleteAfter(tx: Tx, table: SQL, which: SQL): Promise<number> {
  return inSteps(ROWS, async (limit) => {
    const { count } = await tx.execute(sql`
      delete from ${table} where l.id in (select l.id from ${table} where ${which} order by l.id limit ${limit})`);
    return count;
  });
}
