import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Db } from "#data/client.ts";
import { counties, type Lien, liens, properties, type Property } from "#data/tax-liens/tax-lien-schema.ts";
import { propertyValuations } from "#data/tax-liens/valuation-schema.ts";

const SINCE = { createdAt: new Date("2025-01-01T00:00:00Z"), updatedAt: new Date("2025-01-01T00:00:00Z") };
let count = 0;

/**
 * An available lien on a residential property of its own, in a county of Arizona where half are redeemed within a year
 * and whose list has a column for each flag.
 */
export async function addLien(
  db: Db,
  { property = {}, ...given }: Partial<Lien> & { property?: Partial<Property> },
): Promise<{ lienId: number; propertyId: number }> {
  const countyId = given.countyId ?? "sample-az";
  await db
    .insert(counties)
    .values({
      id: countyId,
      name: countyId,
      state: "AZ",
      timeZone: "America/Phoenix",
      source: {
        fields: {
          bankruptcy: "Bankruptcy",
          environmental: "Environment",
          codeViolations: "Code",
          priorLiens: "Prior",
          fees: "Fees",
        },
      },
      ruleSet: "arizona",
      rules: { medianRedemptionDays: 365 },
      ...SINCE,
    })
    .onConflictDoNothing();
  const number = String(++count);
  const [{ id: propertyId } = { id: NaN }] = await db
    .insert(properties)
    .values({ countyId, parcelId: number, propertyType: "residential", ...SINCE, ...property })
    .returning({ id: properties.id });
  const [{ id: lienId } = { id: NaN }] = await db
    .insert(liens)
    .values({
      countyId,
      propertyId,
      taxYear: 2025,
      certificateNumber: number,
      identity: number,
      faceAmount: "1000",
      contentHash: randomUUID(),
      ...SINCE,
      ...given,
    })
    .returning({ id: liens.id });
  return { lienId, propertyId };
}

/**
 * Inserts `addLien` liens with different amounts, each on its own property. The properties are valued on 1 January 2026
 * at ten times the face amount, except every tenth, which has no valuation. Face amounts are 100 to 1,099 dollars.
 */
export async function addLiens(db: Db, count: number, countyId = "sample-az"): Promise<void> {
  await addLien(db, { countyId, status: "withdrawn" });
  const at = sql`${SINCE.createdAt.toISOString()}::timestamptz`;
  await db.execute(sql`
    with parcels as (
      insert into ${properties} (county_id, parcel_id, property_type, created_at, updated_at)
      select ${countyId}, 'P-' || n, 'residential', ${at}, ${at} from generate_series(1, ${count}::integer) n
      returning id, substr(parcel_id, 3)::integer as n
    ), values as (
      insert into ${propertyValuations} (property_id, provider, day, value, state, created_at)
      select id, 'avm', '2026-01-01', 10 * (100 + n * 7 % 1000), 'valued', ${at} from parcels where n % 10 > 0
    )
    insert into ${liens} (county_id, property_id, tax_year, certificate_number, identity, face_amount, interest_rate,
                          content_hash, created_at, updated_at)
    select ${countyId}, id, 2025, 'C-' || n, 'C-' || n, 100 + n * 7 % 1000, 1 + n % 16, gen_random_uuid(), ${at}, ${at}
      from parcels order by n`);
}
