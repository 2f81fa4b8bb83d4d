import { parseArgs } from "node:util";
import { benchDatabase } from "./support/database.ts";
import { type Cost, processorMs } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * One new trading day for 10,000 pensions: `retry_pending_etf_valuations` (ledger, leases, pending work, locks, rules,
 * committed batches), compared with bare statements with the same effect, and with one transaction per pension (a
 * sample, because all would take long). One bare statement sums the units of each pension's contributions; the other
 * uses the sums that the job stores. Same PostgreSQL, same run, fsync on; each way is bundled as for Azure and has its
 * own process; of the rounds the one with the least processor time. A tenth of the pensions, and fifty days at once,
 * show that memory is flat.
 *
 *   npx node bench/pension-values.ts --pensions 10000 --rounds 3
 */
interface Measured extends Cost {
  readonly peakMiB: number;
}

const { values: options } = parseArgs({
  options: { pensions: { type: "string", default: "10000" }, rounds: { type: "string", default: "3" } },
});
/** A Friday. */
const LAST_DAY = "2026-03-06";
const PENSIONS = Number(options.pensions);
const TENTH = Math.max(1, Math.round(PENSIONS / 10));
const SAMPLE = Math.max(1, Math.round(PENSIONS / 20));
const ETFS = 50;
const CONTRIBUTIONS = 24;
const ROUNDS = Number(options.rounds);
const MANY_DAYS = 50;

const WAYS = [
  { way: "bare statement", script: "bare-statement.ts", args: ["contributions"], pensions: PENSIONS, days: 1 },
  { way: "bare, given the sums", script: "bare-statement.ts", args: ["sums"], pensions: PENSIONS, days: 1 },
  { way: "job", script: "job.ts", args: [], pensions: PENSIONS, days: 1 },
  { way: "job, a tenth", script: "job.ts", args: [], pensions: TENTH, days: 1 },
  { way: "pension by pension (a sample)", script: "pension-by-pension.ts", args: [], pensions: SAMPLE, days: 1 },
  { way: `job, ${MANY_DAYS} days, a tenth`, script: "job.ts", args: [], pensions: TENTH, days: MANY_DAYS },
  { way: `job, ${MANY_DAYS} days`, script: "job.ts", args: [], pensions: PENSIONS, days: MANY_DAYS },
] as const;

await using database = await benchDatabase();
const { sql } = database;
await fill();
const best = new Map<string, Measured & { rows: number }>();
const sums = new Set<string>();
for (let round = 1; round <= ROUNDS; round++) {
  for (const { way, script, args, pensions, days } of WAYS) {
    if (round > 1 && (pensions < PENSIONS || days > 1)) continue;
    await reset(pensions, days);
    const measured = await database.measure<Measured>(`pension-values/${script}`, LAST_DAY, ...args);
    console.log(`round ${round} of ${ROUNDS}, ${way}: ${(measured.ms / 1_000).toFixed(2)} s`);
    const rows = await writtenRows(way, pensions, days);
    if (days === 1) sums.add(await sumOfSample());
    const before = best.get(way);
    if (!before || processorMs(measured) < processorMs(before)) best.set(way, { ...measured, rows });
  }
}
const bare = best.get("bare statement")!;
const times = (one: Measured & { rows: number }, of: (cost: Cost) => number) =>
  `${(of(one) / one.rows / (of(bare) / bare.rows)).toFixed(2)} ×`;
console.log(
  `\n${thousands(PENSIONS)} pensions on ${ETFS} ETFs, ${CONTRIBUTIONS} contributions each, best of ${ROUNDS} ` +
    `(tenths, samples and ${MANY_DAYS} days once), Node ${process.version}\n`,
);
console.log(
  table(
    [...best].map(([way, measured]) => ({
      way,
      rows: thousands(measured.rows),
      seconds: (measured.ms / 1_000).toFixed(2),
      "CPU s": (processorMs(measured) / 1_000).toFixed(2),
      "rows/s": thousands(measured.rows / (measured.ms / 1_000)),
      statements: thousands(measured.statements),
      "peak MiB": thousands(measured.peakMiB),
      "÷ bare": times(measured, ({ ms }) => ms),
      "by CPU": times(measured, processorMs),
    })),
  ),
);
console.log("\naim for the job: within 1.5 × the bare statement, and no more memory for ten times the pensions");
console.log(sums.size === 1 ? "all ways wrote the same values" : `the sums differ: ${[...sums].join(", ")}`);

/** Every weekday is a trading day with a price and a rate. */
async function fill(): Promise<void> {
  await sql`
    insert into portfolio.etfs (symbol, currency, series, state, in_use, added_at)
    select 'ETF' || n, (array['EUR','GBP','USD'])[1 + n % 3], 'raw', 'ready', true, now() from generate_series(1, ${ETFS}::integer) n`;
  await sql`
    insert into portfolio.etf_prices (etf_id, date, close, source, series)
    select id, day, 50 + id + extract(doy from day) / 10, 'yahoo', 'raw'
      from portfolio.etfs, generate_series('2024-01-01', ${LAST_DAY}::date, interval '1 day') day
     where extract(isodow from day) < 6`;
  await sql`
    insert into portfolio.exchange_rates (date, quote, rate, source)
    select day, quote, 0.8 + extract(doy from day) / 1000, 'ecb'
      from unnest(array['GBP','USD']) quote, generate_series('2023-12-20', ${LAST_DAY}::date, interval '1 day') day
     where extract(isodow from day) < 6`;
  await sql`
    insert into portfolio.etf_pensions (id, etf_id, name, currency, created_at)
    select gen_random_uuid(), 1 + n % ${ETFS}::integer, 'Pension ' || n, 'EUR', now() from generate_series(1, ${PENSIONS}::integer) n`;
  await sql`
    insert into portfolio.etf_pension_contributions (pension_id, reference, date, amount, currency, bought_on, price, fx_rate, units)
    select p.id, 'month ' || n, e.date, 100 + n, 'EUR', e.date, e.close, 1, round((100 + n) / e.close, 12)
      from portfolio.etf_pensions p cross join generate_series(0, ${CONTRIBUTIONS - 1}::integer) n
      join lateral (select ('2024-01-02'::date + n * 28)::date as date) d on true
      join portfolio.etf_prices e on e.etf_id = p.etf_id and e.date = d.date`;
  await sql`vacuum analyze`;
}

/** Resets the first pensions by id to the state before the last days; the others are up to date. */
async function reset(pensions: number, days: number): Promise<void> {
  const to = dayBefore(days);
  await sql`truncate portfolio.etf_pension_values, platform.job_runs`;
  await sql`
    update portfolio.etf_pensions p set state = 'ready',
           valued_to = case when p.id in (select id from portfolio.etf_pensions order by id limit ${pensions}::integer)
                            then ${to}::date else ${LAST_DAY}::date end,
           (units, last_purchase_date, last_purchase_price) = (
             select sum(units), max(bought_on), (array_agg(price order by bought_on desc))[1]
               from portfolio.etf_pension_contributions c where c.pension_id = p.id)`;
  await sql`
    update portfolio.etf_pensions p set prices_seen = (
      select count(*) from portfolio.etf_prices e where e.etf_id = p.etf_id and e.date <= p.valued_to)`;
  await sql`
    insert into portfolio.etf_pension_values (pension_id, date, units, price, fx_rate, value, state)
    select id, valued_to, 1, 1, 1, 1, 'final' from portfolio.etf_pensions`;
  await sql`vacuum analyze portfolio.etf_pensions, portfolio.etf_pension_values`;
  await sql`checkpoint`;
}

/** @returns the number of written days; throws when it is not the expected number */
async function writtenRows(way: string, pensions: number, days: number): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`
    select count(*)::integer as rows from portfolio.etf_pension_values
     where state = 'final' and date > ${dayBefore(days)}::date and units <> 1`;
  if (row?.rows !== pensions * days) throw new Error(`${way} wrote ${row?.rows} rows, expected ${pensions * days}`);
  return row.rows;
}

/** The sum of the values of the pensions that every way valued. */
async function sumOfSample(): Promise<string> {
  const [row] = await sql<{ sum: string }[]>`
    select sum(value)::text as sum from portfolio.etf_pension_values
     where date = ${LAST_DAY}::date
       and pension_id in (select id from portfolio.etf_pensions order by id limit ${SAMPLE}::integer)`;
  return row!.sum;
}

/** The trading day before the last `days` days. */
function dayBefore(days: number): string {
  const day = new Date(`${LAST_DAY}T00:00:00Z`);
  for (let back = days; back > 0;) {
    day.setUTCDate(day.getUTCDate() - 1);
    if (![0, 6].includes(day.getUTCDay())) back -= 1;
  }
  return day.toISOString().slice(0, 10);
}
