import postgres, { type ISql } from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";
import type { Throughput } from "../throughput.ts";

/**
 * The writes alone, or each with a locking read in a transaction of its own: what no system can be faster than that
 * promises the same. As many side by side as Rota has.
 */
const AT_ONCE = 64;

const [url, postmaster, count, way] = process.argv.slice(2) as [string, string, string, "writes" | "transactions"];
const total = Number(count);
const sql = postgres(url, { max: 10 });
await sql`select 1`;

const bump = (on: ISql, n: number) => on`update bench.effects set done = done + 1 where id = ${n}`;
const inTransaction = (n: number) =>
  sql.begin(async (tx) => {
    await bump(tx, n);
    // The fence: one row, locked by its key.
    await tx`select id from bench.effects where id = ${n} for share`;
  });

let next = 1;
const worker = async () => {
  while (next <= total) await (way === "writes" ? bump(sql, next++) : inTransaction(next++));
};
const drain = await costOf({ url, pid: Number(postmaster) }, () =>
  Promise.all(Array.from({ length: AT_ONCE }, worker)),
);
await sql.end();
const idle = { ms: 0, cpuMs: 0, postgresCpuMs: 0, statements: 0 };
const nothing = { enqueueMs: 0, latencyMs: [], idle, idleMiB: 0 };
console.log(JSON.stringify({ ...nothing, drain, peakMiB: peakMiB() } satisfies Throughput));
