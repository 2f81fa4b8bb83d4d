import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { parseArgs } from "node:util";
import { SOURCE, writeLists } from "./lien-ingest/generated-list.ts";
import { benchDatabase } from "./support/database.ts";
import { type Cost, processorMs } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * A county's list of a million rows through `ingest_county_liens` (download, parse, normalise, validate, stage, merge,
 * ledger), compared with COPY of the same clean rows and a merge in plain SQL. Each way also runs again with the same
 * list, without changes, and the job also with a tenth, because its memory must not grow with the list. Same
 * PostgreSQL, same run, fsync on; each way is bundled as for Azure and has its own process.
 *
 * npx node bench/lien-ingest.ts [--rows 1000000]
 */
interface Measured extends Cost {
  readonly created: number;
  readonly updated: number;
  readonly peakMiB: number;
}

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
const ROWS = Number(values.rows);
const TENTH = Math.max(1, Math.floor(ROWS / 10));

await using database = await benchDatabase();
const { sql, directory } = database;
const files = {
  all: { rows: ROWS, county: join(directory, "county.csv"), clean: join(directory, "clean.csv") },
  tenth: { rows: TENTH, county: join(directory, "tenth.csv"), clean: join(directory, "clean-tenth.csv") },
};
let served = files.all.county;
await using office = createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/csv" });
  pipeline(createReadStream(served), response, () => undefined);
}).listen(0, "127.0.0.1");
log(`writing ${thousands(ROWS)} rows in a county's format and in the format of COPY`);
for (const { county, clean, rows } of Object.values(files)) await writeLists(county, clean, rows);
const results = [
  await measure("job, a tenth", "job", files.tenth, "created"),
  ...(await twice("job", "job")),
  ...(await twice("COPY and merge", "copy-and-merge")),
];
console.log(`\n${thousands(ROWS)} rows of a county's list\n`);
console.log(
  table(
    results.map(({ way, rows, peakMiB, ...cost }) => ({
      way,
      rows: thousands(rows),
      seconds: (cost.ms / 1_000).toFixed(2),
      "CPU s": (processorMs(cost) / 1_000).toFixed(2),
      "of it Node": (cost.cpuMs / 1_000).toFixed(2),
      "rows/s": thousands(rows / (cost.ms / 1_000)),
      statements: thousands(cost.statements),
      "peak MiB": thousands(peakMiB),
    })),
  ),
);
const [tenth, job, again, bare, bareAgain] = results;
const ratio = (one: Cost, other: Cost, of: (cost: Cost) => number) => `${(of(one) / of(other)).toFixed(2)}×`;
for (const [what, one, other] of [
  ["first time", job!, bare!],
  ["no changes", again!, bareAgain!],
] as const) {
  const [clock, processor] = [ratio(one, other, ({ ms }) => ms), ratio(one, other, processorMs)];
  console.log(
    `\njob ÷ COPY and merge, ${what}: ${clock} by the clock, ${processor} by processor time  (aim: within 2×)`,
  );
}
console.log(
  `memory: ${thousands(tenth!.peakMiB)} MiB for a tenth, ${thousands(job!.peakMiB)} MiB for all rows  (aim: flat, below 300 MB)`,
);

/** Measures the first time, and the same list again. */
async function twice(way: string, script: string) {
  const first = await measure(way, script, files.all, "created");
  return [first, await measure(`${way} again`, script, files.all, "nothing")];
}

async function measure(way: string, script: string, file: typeof files.all, expected: "created" | "nothing") {
  if (expected === "created") await empty();
  await sql`checkpoint`;
  served = file.county;
  const measured = await database.measure<Measured>(`lien-ingest/${script}.ts`, file.clean);
  const wanted = expected === "created" ? file.rows : 0;
  if (measured.created !== wanted || measured.updated !== 0) {
    throw new Error(`${way} created ${measured.created} and updated ${measured.updated}, expected ${wanted} and 0`);
  }
  log(`${way}: ${thousands(file.rows)} rows in ${(measured.ms / 1_000).toFixed(1)} s`);
  return { way, rows: file.rows, ...measured };
}

async function empty(): Promise<void> {
  await sql`truncate tax_liens.counties, platform.job_runs cascade`;
  const source = {
    ...SOURCE,
    url: `http://127.0.0.1:${(office.address() as AddressInfo).port}/liens.csv`,
  };
  await sql`
    insert into tax_liens.counties (id, name, state, time_zone, source, rule_set, created_at, updated_at)
    values ('bench-az', 'A county', 'AZ', 'America/Phoenix', ${sql.json(source)}, 'arizona', now(), now())`;
}

function log(what: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${what}`);
}
