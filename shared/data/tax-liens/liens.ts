import { asc, eq, getTableColumns, gt, type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import {
  counties,
  type Lien,
  LIEN_STATUSES,
  liens,
  type LienStatus,
  properties,
  type Property,
} from "./tax-lien-schema.ts";

export interface LienFilter {
  readonly county?: string | undefined;
  readonly status?: LienStatus | undefined;
  /** The id of the last lien of the page before. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** Liens with their properties, by id. */
export async function listLiens(db: Executor, filter: LienFilter): Promise<{ lien: Lien; property: Property }[]> {
  const { county, status, after = 0, limit } = filter;
  return db
    .select({ lien: getTableColumns(liens), property: getTableColumns(properties) })
    .from(liens)
    .innerJoin(properties, eq(properties.id, liens.propertyId))
    .where(county === undefined && status === undefined ? gt(liens.id, after) : sql`${liens.id} in (${page(filter)})`)
    .orderBy(asc(liens.id))
    .limit(limit);
}

/**
 * The ids of a page of some counties and statuses. `liens_by_status` has each county and status in order of ids, so
 * that the page needs no index of its own, which each ingestion would have to write.
 */
function page({ county, status, after = 0, limit }: LienFilter): SQL {
  const statuses = plainArray(status === undefined ? LIEN_STATUSES : [status]);
  const ofCounty = county === undefined ? sql`true` : sql`county.id = ${county}`;
  return sql`
    select first.id
      from ${counties} as county
     cross join unnest(${statuses}::text[]) as wanted (status)
     cross join lateral (
       select lien.id from ${liens} as lien
        where lien.county_id = county.id and lien.status = wanted.status and lien.id > ${after}
        order by lien.id limit ${limit}
     ) as first
     where ${ofCounty} order by first.id limit ${limit}`;
}
