import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { startPostgres } from "../local/postgres/start.ts";
import { applyMigrations } from "../shared/data/migrate.ts";
import { bundled } from "./support/bundle.ts";
import { inOwnProcess, processorMs, type Cost } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * One new trading day for 10,000 pensions: `retry_pending_etf_valuations` (ledger, leases, what has to be done, rules, batches
 * that commit), beside the one bare statement that makes the same change, and beside pension by pension. Same PostgreSQL, same
 * run, fsync on; each way bundled as for Azure in a process of its own, of three rounds the one that took the least processor time. Then a hundred days at once: memory must be flat.
 *
 * node bench/pension-values.ts [pensions]
 */
interface Measured extends Cost {
  readonly peakMiB: number;
}

/** A Friday. */
const LAST_DAY = "2026-03-06";
const PENSIONS = Number(process.argv[2] ?? 10_000);
const ETFS = 50;
const CONTRIBUTIONS = 24;
const ROUNDS = 3;

const root = join(import.meta.dirname, "..");
const directory = await mkdtemp(join(tmpdir(), "rota-bench-"));
const bundle = await mkdtemp(join(tmpdir(), "rota-bench-bundle-"));
const server = await startPostgres({
  dataDirectory: join(directory, "postgres"),
  settings: { shared_preload_libraries: "pg_stat_statements" },
});
const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
try {
  await applyMigrations(server.url, join(root, "shared/data/migrations"));
  await sql`create extension pg_stat_statements`;
  await fill();
  const results = [];
  const rowSum = new Set<string>();
  for (const [way, days] of [
    ["job", 1],
    ["bare statement", 1],
    ["pension by pension", 1],
    ["job", 100],
  ] as const) {
    const rounds: Measured[] = [];
    const count = way === "pension by pension" || days > 1 ? 1 : ROUNDS;
    for (let round = 0; round < count; round++) {
      await reset(days);
      const script = join(import.meta.dirname, "pension-values", `${way.replaceAll(" ", "-")}.ts`);
      rounds.push(
        await inOwnProcess<Measured>(await bundled(script, bundle), [server.url, String(server.pid), LAST_DAY]),
      );
      const [row] = await sql`
        select count(*)::integer as rows, sum(value)::text as sum from portfolio.etf_pension_values
         where state = 'final' and date > ${dayBefore(days)}::date`;
      if (row!.rows !== PENSIONS * days) throw new Error(`${way} wrote ${row!.rows} rows, expected ${PENSIONS * days}`);
      if (days === 1) rowSum.add(row!.sum as string);
    }
    const best = rounds.toSorted((a, b) => processorMs(a) - processorMs(b))[0]!;
    results.push({ way: days === 1 ? way : `${way}, ${days} days`, days, ...best });
  }
  console.log(
    `\n${thousands(PENSIONS)} pensions on ${ETFS} ETFs, ${CONTRIBUTIONS} contributions each, best of ${ROUNDS} (the last two once)\n`,
  );
  console.log(
    table(
      results.map(({ way, days, peakMiB, ...cost }) => ({
        way,
        rows: thousands(PENSIONS * days),
        seconds: (cost.ms / 1_000).toFixed(2),
        "CPU s": (processorMs(cost) / 1_000).toFixed(2),
        "rows/s": thousands((PENSIONS * days) / (cost.ms / 1_000)),
        statements: thousands(cost.statements),
        "peak MiB": thousands(peakMiB),
      })),
    ),
  );
  const [job, bare, rowByRow] = results;
  const ratio = (of: (cost: Cost) => number) => `${(of(job!) / of(bare!)).toFixed(2)}×`;
  console.log(
    `\njob ÷ bare statement: ${ratio(({ ms }) => ms)} by the clock, ${ratio(processorMs)} by processor time  (aim: within 1.5×)`,
  );
  console.log(`pension by pension ÷ job: ${(rowByRow!.ms / job!.ms).toFixed(1)}×`);
  console.log(rowSum.size === 1 ? "all three wrote the same values" : `the sums differ: ${[...rowSum].join(", ")}`);
} finally {
  await sql.end();
  await server.stop();
  for (const made of [directory, bundle]) await rm(made, { recursive: true, force: true });
}

/** Weekdays are trading days, every one of them with a price and a rate. */
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

/** As it was when all but the last days were valued. */
async function reset(days: number): Promise<void> {
  const to = dayBefore(days);
  await sql`truncate portfolio.etf_pension_values, platform.job_runs`;
  await sql`
    insert into portfolio.etf_pension_values (pension_id, date, units, price, fx_rate, value, state)
    select id, ${to}::date, 1, 1, 1, 1, 'final' from portfolio.etf_pensions`;
  await sql`
    update portfolio.etf_pensions p set state = 'ready', valued_to = ${to}::date, (units, bought_to, bought_at) = (
             select sum(units), max(bought_on), (array_agg(price order by bought_on desc))[1]
               from portfolio.etf_pension_contributions c where c.pension_id = p.id),
           prices_seen = (select count(*) from portfolio.etf_prices e where e.etf_id = p.etf_id and e.date <= ${to}::date)`;
  await sql`vacuum analyze portfolio.etf_pensions, portfolio.etf_pension_values`;
  await sql`checkpoint`;
}

/** The trading day that many before the day after the last. */
function dayBefore(days: number): string {
  const day = new Date(`${LAST_DAY}T00:00:00Z`);
  for (let back = days; back > 0;) {
    day.setUTCDate(day.getUTCDate() - 1);
    if (![0, 6].includes(day.getUTCDay())) back -= 1;
  }
  return day.toISOString().slice(0, 10);
}
