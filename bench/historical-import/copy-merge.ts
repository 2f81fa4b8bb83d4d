import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { peakMiB } from "../support/process-cost.ts";

/** The lower bound: COPY of points in memory into a staging table, and the merge. */
const [url, history] = process.argv.slice(2) as [string, string];
const [header, ...days] = readFileSync(history, "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(","));
const lines = days.flatMap(([date, ...rates]) =>
  rates.flatMap((rate, i) => (/^\d/.test(rate) ? [`${date}\t${header![i + 1]}\t${rate}\n`] : [])),
);
const chunks: string[] = [];
for (let i = 0; i < lines.length; i += 2_000) chunks.push(lines.slice(i, i + 2_000).join(""));

const sql = postgres(url, { max: 1, onnotice: () => undefined });
await sql`select 1`;
const start = performance.now();
await sql.begin(async (tx) => {
  await tx`create temporary table staging (date date, quote text, rate numeric) on commit drop`;
  await pipeline(Readable.from(chunks), await tx`copy staging from stdin`.writable());
  await tx`insert into portfolio.exchange_rates (date, quote, rate, source)
           select date, quote, rate, 'ecb' from staging on conflict do nothing`;
});
const ms = performance.now() - start;
await sql.end();
console.log(JSON.stringify({ points: lines.length, ms, peakMiB: peakMiB() }));
