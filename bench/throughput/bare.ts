import postgres from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";
import type { Throughput } from "../throughput.ts";

/** The writes alone: what no system can be faster than. As many side by side as Rota has. */
const AT_ONCE = 64;

const [url, postmaster, count] = process.argv.slice(2) as [string, string, string];
const total = Number(count);
const sql = postgres(url, { max: 10 });
await sql`select 1`;

let next = 1;
const worker = async () => {
  while (next <= total) await sql`update bench.effects set done = done + 1 where id = ${next++}`;
};
const drain = await costOf({ url, pid: Number(postmaster) }, () =>
  Promise.all(Array.from({ length: AT_ONCE }, worker)),
);
await sql.end();
const idle = { ms: 0, cpuMs: 0, postgresCpuMs: 0, statements: 0 };
const nothing = { enqueueMs: 0, latencyMs: [], idle, idleMiB: 0 };
console.log(JSON.stringify({ ...nothing, drain, peakMiB: peakMiB() } satisfies Throughput));
