import postgres from "postgres";
import { exchangeRate } from "#rules/portfolio/exchange-rate.ts";
import { totalUnits, valueOf } from "#rules/portfolio/valuation.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";

/** The naive way: for each pension select its contributions, the day's price and rate, compute the value, insert it. */
const [url, pid, lastDay] = process.argv.slice(2) as [string, string, string];
const sql = postgres(url, {
  max: 1,
  onnotice: () => undefined,
  types: { date: { to: 1082, from: [1082], serialize: String, parse: String } },
});
const cost = await costOf({ url, pid: Number(pid) }, async () => {
  for (const { id } of await sql`
    select id from portfolio.etf_pensions where valued_to < ${lastDay}::date order by id`) {
    await sql.begin(async (tx) => {
      const [facts] = await tx`
      select p.currency, etfs.currency as base, e.close::text as price
        from portfolio.etf_pensions p
        join portfolio.etfs on etfs.id = p.etf_id
        join portfolio.etf_prices e on e.etf_id = p.etf_id and e.date = ${lastDay}::date
       where p.id = ${id as string} for update of p`;
      const { currency, base, price } = facts as unknown as { currency: string; base: string; price: string };
      const bought = await tx`
      select units::text as units from portfolio.etf_pension_contributions where pension_id = ${id as string} and bought_on <= ${lastDay}::date`;
      const rates = await tx`
      select quote, rate::text as rate, date::text as date from portfolio.exchange_rates where quote = ${base} and date = ${lastDay}::date`;
      const { rate } = exchangeRate({ base, quote: currency, date: lastDay }, rates as never)!;
      const units = totalUnits(bought.map((one) => one.units as string));
      const value = valueOf({ units, price, rate, currency });
      await tx`
      insert into portfolio.etf_pension_values (pension_id, date, units, price, fx_rate, value, state)
      values (${id as string}, ${lastDay}::date, ${units}, ${price}, ${rate}, ${value}, 'final')`;
      await tx`update portfolio.etf_pensions set valued_to = ${lastDay}::date, prices_seen = prices_seen + 1 where id = ${id as string}`;
    });
  }
});
await sql.end();
console.log(JSON.stringify({ ...cost, peakMiB: peakMiB() }));
