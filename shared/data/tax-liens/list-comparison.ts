import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { liens } from "./tax-lien-schema.ts";

/** A lien that a list mentions. */
export interface MentionedLien {
  readonly taxYear: number;
  readonly identity: string;
  /** The hash of its content; null when its row is refused. */
  readonly hash: string | null;
  /** Whether no row before mentions it. */
  readonly isFirst: boolean;
}

export interface Comparison {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Stored open liens among those that are mentioned first. */
  readonly open: number;
}

/** Compares a part of a list with the stored liens of its county. */
export async function compareLiens(
  db: Executor,
  countyId: string,
  mentioned: readonly MentionedLien[],
): Promise<Comparison> {
  const [row] = await db.execute<Comparison & Record<string, unknown>>(sql`
    select count(*) filter (where m.hash is not null and l.id is null)::integer as created,
           count(*) filter (where l.content_hash <> m.hash or (m.hash is not null and l.status = 'not_listed'))::integer as updated,
           count(*) filter (where l.content_hash = m.hash and l.status <> 'not_listed')::integer as unchanged,
           count(*) filter (where m."isFirst" and l.status in ('available', 'sold'))::integer as open
      from jsonb_to_recordset(${JSON.stringify(mentioned)}::jsonb)
             as m ("taxYear" integer, identity text, hash uuid, "isFirst" boolean)
      left join ${liens} l on l.county_id = ${countyId} and l.tax_year = m."taxYear" and l.identity = m.identity`);
  return row!;
}

/** The number of a county's liens that become `not_listed` when a list does not mention them. */
export async function countOpenLiens(db: Executor, countyId: string): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`
    select count(*)::integer as count from ${liens} where county_id = ${countyId} and status in ('available', 'sold')`);
  return row!.count;
}
