import { benchDatabase } from "./support/database.ts";
import { type Cost, processorMs } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * An analysis of one county's available liens: `run_analysis` (ledger, leases, rules in exact decimals, committed pages
 * from which a retry continues), compared with bare statements that compute, store, rank and buy the same with the
 * county's formula in SQL. Same PostgreSQL, fsync on; each way is bundled as for Azure and has its own process; of
 * three rounds the one with the least processor time. Both must find the same deals. Memory must be flat: compare with
 * more liens.
 *
 * npx node bench/analysis.ts [liens]
 */
export interface Measured extends Cost {
  readonly peakMiB: number;
}

const LIENS = Number(process.argv[2] ?? 200_000);
const ROUNDS = LIENS > 200_000 ? 1 : 3;

await using database = await benchDatabase();
const { sql } = database;
await fill();
const results: ({ way: string } & Measured)[] = [];
const found = new Set<string>();
for (const way of ["job", "bare"] as const) {
  const rounds: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await reset();
    rounds.push(await database.measure<Measured>(`analysis/${way}.ts`));
    found.add(await outcome());
  }
  results.push({ way, ...rounds.toSorted((a, b) => processorMs(a) - processorMs(b))[0]! });
}
console.log(`\n${thousands(LIENS)} available liens of one county, best of ${ROUNDS}\n`);
console.log(
  table(
    results.map(({ way, peakMiB, ...cost }) => ({
      way,
      seconds: (cost.ms / 1_000).toFixed(1),
      "CPU s": (processorMs(cost) / 1_000).toFixed(1),
      "of it PostgreSQL": ((cost.postgresCpuMs ?? 0) / 1_000).toFixed(1),
      "liens/s": thousands(LIENS / (cost.ms / 1_000)),
      "liens/CPU s": thousands(LIENS / (processorMs(cost) / 1_000)),
      statements: thousands(cost.statements),
      "peak MiB": thousands(peakMiB),
    })),
  ),
);
const [job, bare] = results;
console.log(`\njob ÷ bare statements: ${(processorMs(job!) / processorMs(bare!)).toFixed(1)}× by processor time`);
console.log(found.size === 1 ? `both found ${[...found][0]}` : `the results differ: ${[...found].join(" | ")}`);

async function fill(): Promise<void> {
  await sql`
    insert into tax_liens.counties (id, name, state, time_zone, source, rule_set, rules, created_at, updated_at)
    values ('sample-az', 'Sample', 'AZ', 'America/Phoenix', '{}', 'arizona', '{"medianRedemptionDays": 365}', now(), now())`;
  await sql`
    insert into tax_liens.properties (county_id, parcel_id, property_type, bankruptcy, created_at, updated_at)
    select 'sample-az', 'P-' || n,
           (array['residential', 'commercial', 'industrial', 'vacant_land', 'unknown'])[1 + n % 5], n % 50 = 0, now(), now()
      from generate_series(1, ${LIENS}::integer) n`;
  await sql`
    insert into tax_liens.property_valuations (property_id, provider, day, value, state, created_at)
    select id, 'avm', '2025-12-31'::date - (id % 400)::integer, 5000 + id * 7919 % 500000, 'valued', now()
      from tax_liens.properties where id % 20 > 0`;
  await sql`
    insert into tax_liens.liens (county_id, property_id, tax_year, certificate_number, identity, face_amount, prior_liens, penalties,
                                 fees, interest_rate, content_hash, created_at, updated_at)
    select county_id, id, 2025, 'C-' || id, 'C-' || id, 100 + id * 104729 % 900000 / 100.0, id % 7 * 100, id % 3 * 10, 25, 1 + id % 16,
           gen_random_uuid(), now(), now()
      from tax_liens.properties order by id`;
  await sql`vacuum analyze`;
}

async function reset(): Promise<void> {
  await sql`truncate tax_liens.deals, tax_liens.deal_metrics, tax_liens.analysis_runs, tax_liens.analysis_candidates,
                     platform.job_runs, platform.notifications cascade`;
  await sql`checkpoint`;
}

async function outcome(): Promise<string> {
  const [row] = await sql<{ metrics: number; deals: number; cost: string; hash: string }[]>`
    select (select count(*)::integer from tax_liens.deal_metrics) as metrics, count(*)::integer as deals,
           round(sum(cost), 2)::text as cost, md5(string_agg(lien_id || ' ' || score, ',' order by rank)) as hash
      from tax_liens.deals`;
  const { metrics, deals, cost, hash } = row!;
  return `figures of ${thousands(metrics)} liens and ${thousands(deals)} deals for ${cost} (${hash.slice(0, 8)})`;
}
