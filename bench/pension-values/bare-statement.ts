import postgres from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";

/**
 * The lower bound: one statement for a given day, without checks and locks, and one that stores the progress. It sums
 * the units of the contributions, or uses the sums that the job stores.
 */
const [url, pid, lastDay, from] = process.argv.slice(2) as [string, string, string, "contributions" | "sums"];
const sql = postgres(url, { max: 1, onnotice: () => undefined });
await sql`select 1`;
const cost = await costOf({ url, pid: Number(pid) }, async () => {
  await sql.begin(async (tx) => {
    await tx`
    insert into portfolio.etf_pension_values (pension_id, date, units, price, fx_rate, value, state)
    select p.id, e.date, held.units, e.close, rate.rate, round(held.units * e.close * rate.rate, 2), 'final'
      from portfolio.etf_pensions p
      join portfolio.etfs on etfs.id = p.etf_id
      join portfolio.etf_prices e on e.etf_id = p.etf_id and e.date = ${lastDay}::date
      join (
        select quote, round(1 / rate, 19) as rate from portfolio.exchange_rates where date = ${lastDay}::date
        union all select 'EUR', 1
      ) as rate on rate.quote = etfs.currency
     cross join lateral (${
       from === "sums"
         ? tx`select p.units`
         : tx`
       select sum(units) as units from portfolio.etf_pension_contributions c where c.pension_id = p.id and c.bought_on <= e.date`
     }) as held`;
    await tx`update portfolio.etf_pensions set valued_to = ${lastDay}::date, prices_seen = prices_seen + 1`;
  });
});
await sql.end();
console.log(JSON.stringify({ ...cost, peakMiB: peakMiB() }));
