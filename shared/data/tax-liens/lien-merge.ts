import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { keepLiens, keepProperties } from "./earlier-values.ts";
import { type Staging, stagingTable } from "./lien-staging.ts";
import { liens, properties } from "./tax-lien-schema.ts";

export interface Merging {
  /** Keeps the values that it changes, for an undo. */
  readonly ingestionId: number;
  readonly countyId: string;
  readonly now: Date;
  /** The local day of the county. */
  readonly day: string;
  /** The day of the previous list; null without one. */
  readonly dayBefore: string | null;
  /** The range of sale dates that the list covers. Null: all. */
  readonly saleDates: { readonly from?: string | undefined; readonly to?: string | undefined } | null;
  /** Whether a lien that the list does not name is missing from it. False: the list may have ended early. */
  readonly isWhole: boolean;
  /** Whether rows of damaged text are staged. */
  readonly isDamaged: boolean;
}

export interface Merged {
  readonly created: number;
  readonly updated: number;
  readonly notListed: number;
}

/**
 * Merges a staged list into the liens and properties of its county. Unchanged rows are not written. Open liens that the
 * list does not name become `not_listed`, if the list is whole and no damaged row contains their identity.
 */
export async function mergeLiens(tx: Tx, staging: Staging, merging: Merging): Promise<Merged> {
  // Statistics are older than the rows of a new county. An estimate of one row leads to a nested loop, whose time grows
  // with the square of the list: 85 s instead of 0.1 s for 23,000 liens on PostgreSQL 15.
  await tx.execute(sql`set local enable_nestloop = off`);
  await findChanges(tx, staging, merging);
  // Before the insert, so that it does not scan the new liens.
  const notListed = merging.isWhole ? await markNotListed(tx, staging, merging) : 0;
  await keepProperties(tx, merging.ingestionId, merging.countyId);
  await saveProperties(tx, staging, merging);
  const created = await createLiens(tx, merging);
  const updated = await updateLiens(tx, merging);
  await tx.execute(sql`drop table changed_liens`);
  await tx.execute(sql`set local enable_nestloop = on`);
  return { created, updated, notListed };
}

async function findChanges(tx: Tx, staging: Staging, { countyId }: Merging): Promise<void> {
  await tx.execute(sql`
    create temporary table changed_liens on commit drop as
    select s.*, l.id as lien_id
      from ${stagingTable(staging)} s
      left join ${liens} l on l.county_id = ${inline(countyId)} and l.tax_year = s.tax_year and l.identity = s.identity
     where l.id is null or l.content_hash <> s.content_hash or l.status = 'not_listed'`);
  await tx.execute(sql`analyze changed_liens`);
}

async function saveProperties(tx: Tx, staging: Staging, { countyId, now }: Merging): Promise<void> {
  // Liens of one parcel can describe it differently: the last line of the list wins.
  await tx.execute(sql`
    insert into ${properties} as p (county_id, parcel_id, address, city, zip, legal_description, owner, property_type,
                                    assessed_value, bankruptcy, environmental, code_violations, created_at, updated_at)
    select distinct on (parcel_id) ${countyId}, parcel_id, address, city, zip, legal_description, owner, property_type,
           assessed_value, bankruptcy, environmental, code_violations, ${at(now)}, ${at(now)}
      from ${stagingTable(staging)} where parcel_id in (select parcel_id from changed_liens)
     order by parcel_id, line desc
    on conflict (county_id, parcel_id) do update
       set address = excluded.address, city = excluded.city, zip = excluded.zip,
           legal_description = excluded.legal_description, owner = excluded.owner, property_type = excluded.property_type,
           assessed_value = excluded.assessed_value, bankruptcy = excluded.bankruptcy,
           environmental = excluded.environmental, code_violations = excluded.code_violations, updated_at = excluded.updated_at
     where (p.address, p.city, p.zip, p.legal_description, p.owner, p.property_type, p.assessed_value, p.bankruptcy,
            p.environmental, p.code_violations)
           is distinct from
           (excluded.address, excluded.city, excluded.zip, excluded.legal_description, excluded.owner, excluded.property_type,
            excluded.assessed_value, excluded.bankruptcy, excluded.environmental, excluded.code_violations)`);
}

async function createLiens(tx: Tx, { countyId, now }: Merging): Promise<number> {
  const { count } = await tx.execute(sql`
    insert into ${liens} (county_id, tax_year, certificate_number, identity, property_id, face_amount, prior_liens, penalties,
                          premium, fees, interest_rate, bid_rate, status, sale_date, redemption_deadline, content_hash,
                          created_at, updated_at)
    select ${countyId}, c.tax_year, c.certificate_number, c.identity, p.id, c.face_amount, c.prior_liens, c.penalties,
           c.premium, c.fees, c.interest_rate, c.bid_rate, c.status, c.sale_date, c.redemption_deadline, c.content_hash,
           ${at(now)}, ${at(now)}
      from changed_liens c join ${properties} p on p.county_id = ${countyId} and p.parcel_id = c.parcel_id
     where c.lien_id is null
     order by c.line`);
  return count;
}

async function updateLiens(tx: Tx, { ingestionId, countyId, now }: Merging): Promise<number> {
  await tx.execute(
    keepLiens(ingestionId, sql`join changed_liens c on c.lien_id = l.id where l.county_id = ${countyId}`),
  );
  const { count } = await tx.execute(sql`
    update ${liens} l
       set certificate_number = c.certificate_number, property_id = p.id, face_amount = c.face_amount,
           prior_liens = c.prior_liens, penalties = c.penalties, premium = c.premium, fees = c.fees,
           interest_rate = c.interest_rate, bid_rate = c.bid_rate, status = c.status, sale_date = c.sale_date,
           redemption_deadline = c.redemption_deadline, content_hash = c.content_hash, updated_at = ${at(now)},
           last_listed_on = null, not_listed_on = null
      from changed_liens c join ${properties} p on p.county_id = ${countyId} and p.parcel_id = c.parcel_id
     where l.id = c.lien_id and l.county_id = ${countyId}`);
  return count;
}

async function markNotListed(
  tx: Tx,
  staging: Staging,
  { ingestionId, countyId, now, day, dayBefore, saleDates, isDamaged }: Merging,
): Promise<number> {
  const inRange = saleDates
    ? sql`and l.sale_date between ${saleDates.from ?? "-infinity"}::date and ${saleDates.to ?? "infinity"}::date`
    : sql``;
  const undamaged = isDamaged
    ? sql`and not exists (select from ${stagingTable(staging, "damaged")} d where position(l.identity in d.text) > 0)`
    : sql``;
  const missing = sql`
    where l.county_id = ${countyId} and l.status in ('available', 'sold') ${inRange}
      and not exists (select from ${stagingTable(staging)} s where s.tax_year = l.tax_year and s.identity = l.identity)
      and not exists (
        select from ${stagingTable(staging, "named")} n where n.tax_year = l.tax_year and n.identity = l.identity)
          ${undamaged}`;
  const { count } = await tx.execute(sql`
    with missing as (${keepLiens(ingestionId, missing)} returning id)
    update ${liens} l
       set status = 'not_listed', not_listed_on = ${day}::date, last_listed_on = ${dayBefore}::date, updated_at = ${at(now)}
      from missing where l.id = missing.id and l.county_id = ${countyId}`);
  return count;
}

/** A county id as SQL literal, for DDL, which takes no parameters. County ids contain no quotes. */
function inline(slug: string): SQL {
  if (!/^[a-z0-9-]+$/.test(slug)) throw new TypeError(`county: expected a slug, got ${JSON.stringify(slug)}`);
  return sql.raw(`'${slug}'`);
}
