import { randomUUID } from "node:crypto";
import type { Db } from "../../shared/data/client.ts";
import { counties, liens, properties, type Lien, type Property } from "../../shared/data/tax-liens/schema.ts";

const SINCE = { createdAt: new Date("2025-01-01T00:00:00Z"), updatedAt: new Date("2025-01-01T00:00:00Z") };
let count = 0;

/** An available lien on a residential property of its own, in a county of Arizona where half are redeemed within a year. */
export async function addLien(
  db: Db,
  { property = {}, ...given }: Partial<Lien> & { property?: Partial<Property> },
): Promise<{ lienId: number; propertyId: number }> {
  const countyId = given.countyId ?? "sample-az";
  await db
    .insert(counties)
    .values({
      ...{ id: countyId, name: countyId, state: "AZ", timeZone: "America/Phoenix", source: {}, ruleSet: "arizona" },
      ...{ rules: { medianRedemptionDays: 365 }, ...SINCE },
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
      ...{ countyId, propertyId, taxYear: 2025, certificateNumber: number, identity: number, faceAmount: "1000" },
      ...{ contentHash: randomUUID(), ...SINCE, ...given },
    })
    .returning({ id: liens.id });
  return { lienId, propertyId };
}
