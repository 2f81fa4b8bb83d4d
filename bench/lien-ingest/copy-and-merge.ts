import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";

/**
 * The lower bound in plain SQL: COPY of a clean file into a staging table, then the merge in the same transaction,
 * without checks and without a run.
 */
const [url, pid, file] = process.argv.slice(2) as [string, string, string];
const sql = postgres(url, { max: 1, onnotice: () => undefined });
await sql`select 1`;
let counts = { created: 0, updated: 0 };
const cost = await costOf({ url, pid: Number(pid) }, async () => {
  counts = await sql.begin(async (tx) => {
    await tx`
      create temporary table listed (
        parcel_id text, certificate_number text, tax_year integer, face_amount numeric, status text, sale_date date,
        interest_rate numeric, property_type text, address text, city text, zip text, owner text, assessed_value numeric,
        redemption_deadline date
      ) on commit drop`;
    await pipeline(createReadStream(file), await tx`copy listed from stdin (format csv)`.writable());
    await tx`analyze listed`;
    await tx`
      insert into tax_liens.properties as p (county_id, parcel_id, address, city, zip, owner, property_type, assessed_value,
                                             created_at, updated_at)
      select distinct on (parcel_id) 'bench-az', parcel_id, address, city, zip, owner, property_type, assessed_value, now(), now()
        from listed order by parcel_id
      on conflict (county_id, parcel_id) do update
         set address = excluded.address, city = excluded.city, zip = excluded.zip, owner = excluded.owner,
             property_type = excluded.property_type, assessed_value = excluded.assessed_value, updated_at = now()
       where (p.address, p.city, p.zip, p.owner, p.property_type, p.assessed_value) is distinct from
             (excluded.address, excluded.city, excluded.zip, excluded.owner, excluded.property_type, excluded.assessed_value)`;
    const [counted] = await tx<[{ created: number; updated: number }]>`
      with merged as (
        insert into tax_liens.liens as l (county_id, tax_year, certificate_number, identity, property_id, face_amount, interest_rate,
                                          status, sale_date, redemption_deadline, content_hash, created_at, updated_at)
        select 'bench-az', s.tax_year, s.certificate_number, s.certificate_number, p.id, s.face_amount, s.interest_rate,
               s.status, s.sale_date, s.redemption_deadline, md5(s::text)::uuid, now(), now()
          from listed s join tax_liens.properties p on p.county_id = 'bench-az' and p.parcel_id = s.parcel_id
        on conflict (county_id, tax_year, identity) do update
           set property_id = excluded.property_id, face_amount = excluded.face_amount, interest_rate = excluded.interest_rate,
               status = excluded.status, sale_date = excluded.sale_date, redemption_deadline = excluded.redemption_deadline,
               content_hash = excluded.content_hash, updated_at = now()
         where l.content_hash <> excluded.content_hash
        returning old.id is null as is_new
      )
      select count(*) filter (where is_new)::integer as created, count(*) filter (where not is_new)::integer as updated from merged`;
    await tx`
      update tax_liens.liens l set status = 'not_listed', not_listed_on = current_date, updated_at = now()
       where county_id = 'bench-az' and status in ('available', 'sold')
         and not exists (select from listed s where s.tax_year = l.tax_year and s.certificate_number = l.identity)`;
    return counted;
  });
});
await sql.end();
console.log(JSON.stringify({ ...cost, ...counts, peakMiB: peakMiB() }));
