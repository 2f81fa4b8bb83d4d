import { and, asc, eq, getTableColumns, gt } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { type Lien, liens, type LienStatus, properties, type Property } from "./tax-lien-schema.ts";

export interface LienFilter {
  readonly county?: string | undefined;
  readonly status?: LienStatus | undefined;
  /** The id of the last lien of the page before. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** Liens with their properties, by id. */
export async function listLiens(
  db: Executor,
  { county, status, after = 0, limit }: LienFilter,
): Promise<{ lien: Lien; property: Property }[]> {
  return db
    .select({ lien: getTableColumns(liens), property: getTableColumns(properties) })
    .from(liens)
    .innerJoin(properties, eq(properties.id, liens.propertyId))
    .where(
      and(
        gt(liens.id, after),
        county === undefined ? undefined : eq(liens.countyId, county),
        status === undefined ? undefined : eq(liens.status, status),
      ),
    )
    .orderBy(asc(liens.id))
    .limit(limit);
}
