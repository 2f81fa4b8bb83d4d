import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { properties } from "./tax-lien-schema.ts";
import { propertyValuations } from "./valuation-schema.ts";

/** A requested valuation of a parcel. */
export interface GivenValuation {
  readonly county: string;
  readonly parcelId: string;
  readonly provider: string;
  readonly day: string;
  /** Dollars, a decimal as text. */
  readonly value: string;
}

/** Adds missing valuations. @returns the number of added ones */
export async function addValuations(tx: Tx, valuations: readonly GivenValuation[], now: Date): Promise<number> {
  const { count } = await tx.execute(sql`
    insert into ${propertyValuations} (property_id, provider, day, value, state, created_at)
    select property.id, given.provider, given.day, given.value, 'valued', ${now.toISOString()}::timestamptz
      from ${given(valuations)}
      join ${properties} as property on property.county_id = given.county and property.parcel_id = given."parcelId"
     -- One lock order, so that requests that share properties cannot deadlock.
     order by property.id, given.day, given.provider, given.ordinal
    on conflict do nothing`);
  return count;
}

/** A valuation that was not added, by its index in the input. */
export interface RejectedValuation {
  readonly position: number;
  /** The stored value of that provider and day; null when the parcel does not exist. */
  readonly stored: string | null;
}

/** The valuations that differ from the stored ones, by index. Call it after `addValuations`. */
export async function rejectedValuations(tx: Tx, valuations: readonly GivenValuation[]): Promise<RejectedValuation[]> {
  const rows = await tx.execute<RejectedValuation & Record<string, unknown>>(sql`
    select given.ordinal::integer - 1 as position, coalesce(stored.value::text, stored.state) as stored
      from ${given(valuations)}
      left join ${properties} as property on property.county_id = given.county and property.parcel_id = given."parcelId"
      left join ${propertyValuations} as stored
        on stored.property_id = property.id and stored.day = given.day and stored.provider = given.provider
     where stored.value is distinct from given.value
     order by given.ordinal`);
  return [...rows];
}

function given(valuations: readonly GivenValuation[]): SQL {
  return sql`rows from (
    jsonb_to_recordset(${JSON.stringify(valuations)}::jsonb)
      as (county text, "parcelId" text, provider text, day date, value numeric)
  ) with ordinality as given (county, "parcelId", provider, day, value, ordinal)`;
}
