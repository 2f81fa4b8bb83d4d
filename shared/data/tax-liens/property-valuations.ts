import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { properties } from "./tax-lien-schema.ts";
import { propertyValuations } from "./valuation-schema.ts";

/** What somebody says a parcel is worth on a day. */
export interface GivenValuation {
  readonly county: string;
  readonly parcelId: string;
  readonly provider: string;
  readonly day: string;
  /** Dollars, a decimal as text. */
  readonly value: string;
}

/** Adds what is not there yet. @returns how many were added */
export async function addValuations(tx: Tx, valuations: readonly GivenValuation[], now: Date): Promise<number> {
  const { count } = await tx.execute(sql`
    insert into ${propertyValuations} (property_id, provider, day, value, state, created_at)
    select property.id, given.provider, given.day, given.value, 'valued', ${now.toISOString()}::timestamptz
      from ${given(valuations)}
      join ${properties} as property on property.county_id = given.county and property.parcel_id = given."parcelId"
     -- Two requests that share properties lock them in one order.
     order by property.id, given.day, given.provider, given.ordinal
    on conflict do nothing`);
  return count;
}

/** A valuation that could not be added, and the place of it among those given. */
export interface RejectedValuation {
  readonly position: number;
  /** What that provider has for the day already; null when there is no such parcel. */
  readonly stored: string | null;
}

/** Those of which the table says otherwise, asked once they were added; by place. */
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
