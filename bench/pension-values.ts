import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { startPostgres } from "../local/postgres/start.ts";
import { applyMigrations } from "../shared/data/migrate.ts";
import { inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * One new trading day for 10,000 pensions: `retry_pending_etf_valuations` (ledger, leases, what has to be done, rules, batches
 * that commit), beside the one bare statement that makes the same change, and beside pension by pension. Same PostgreSQL, same
 * run, fsync on; each way in a process of its own, the best of three rounds. Then a hundred days at once: memory must be flat.
 *
 * node bench/pension-values.ts [pensions]
 */
interface Measured {
  readonly ms: number;
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
const server = await startPostgres({ dataDirectory: join(directory, "postgres") });
const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
try {
  await applyMigrations(server.url, join(root, "shared/data/migrations"));
  await fill();
  const results = [];
  const rowSum = new Set<string>();
  for (const [way, days] of [
    ["job", 1],
    ["bare statement", 1],
    ["pension by pension", 1],
    ["job", 100],
  ] as const) {
    const rounds: (Measured & { transactions: number })[] = [];
    const count = way === "pension by pension" || days > 1 ? 1 : ROUNDS;
    for (let round = 0; round < count; round++) {
      await reset(days);
      const before = await committed();
      const script = join(import.meta.dirname, "pension-values", `${way.replaceAll(" ", "-")}.ts`);
      const measured = await inOwnProcess<Measured>(script, [server.url, LAST_DAY]);
      rounds.push({ ...measured, transactions: (await committed()) - before });
      const [row] = await sql`
        select count(*)::integer as rows, sum(value)::text as sum from portfolio.etf_pension_values
         where state = 'final' and date > ${dayBefore(days)}::date`;
      if (row!.rows !== PENSIONS * days) throw new Error(`${way} wrote ${row!.rows} rows, expected ${PENSIONS * days}`);
      if (days === 1) rowSum.add(row!.sum as string);
    }
    const best = rounds.toSorted((a, b) => a.ms - b.ms)[0]!;
    results.push({ way: days === 1 ? way : `${way}, ${days} days`, days, ...best });
  }
  console.log(
    `\n${thousands(PENSIONS)} pensions on ${ETFS} ETFs, ${CONTRIBUTIONS} contributions each, best of ${ROUNDS} (the last two once)\n`,
  );
  console.log(
    table(
      results.map(({ way, days, ms, peakMiB, transactions }) => ({
        way,
        rows: thousands(PENSIONS * days),
        seconds: (ms / 1_000).toFixed(2),
        "rows/s": thousands((PENSIONS * days) / (ms / 1_000)),
        transactions: thousands(transactions),
        "peak MiB": thousands(peakMiB),
      })),
    ),
  );
  const [job, bare, rowByRow] = results;
  console.log(`\njob ÷ bare statement: ${(job!.ms / bare!.ms).toFixed(2)}×  (aim: within 1.5×)`);
  console.log(`pension by pension ÷ job: ${(rowByRow!.ms / job!.ms).toFixed(1)}×`);
  console.log(rowSum.size === 1 ? "all three wrote the same values" : `the sums differ: ${[...rowSum].join(", ")}`);
} finally {
  await sql.end();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
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
    update portfolio.etf_pensions p set state = 'ready', valued_to = ${to}::date,
           prices_seen = (select count(*) from portfolio.etf_prices e where e.etf_id = p.etf_id and e.date <= ${to}::date)`;
  await sql`vacuum analyze portfolio.etf_pensions, portfolio.etf_pension_values`;
  await sql`checkpoint`;
}

async function committed(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`;
  const [row] = await sql`select xact_commit::integer as n from pg_stat_database where datname = current_database()`;
  return row!.n as number;
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
