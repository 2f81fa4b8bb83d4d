import { sql } from "drizzle-orm";
import { openApp } from "#app";
import { connect } from "#data/client.ts";
import { defineJob, event, z } from "#jobs";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, idleCost, peakMiB } from "../support/process-cost.ts";
import type { Throughput } from "../throughput.ts";

/**
 * Batches as the Functions host hands them to queue functions. One function gets one at a time; here several are done
 * at once, as by the peers.
 */
const BATCH = 250;
const AT_ONCE = 4;

const [url, postmaster, count, way] = process.argv.slice(2) as [
  string,
  string,
  string,
  "plain" | "fenced" | "finish" | "batch",
];
const settings = {
  id: "bench_job",
  family: { id: "bench", title: "Benchmark" },
  summary: "One write",
  on: event({ batch: BATCH }),
};
const input = z.object({ n: z.int() });
const started = new Map<number, number>();
const bump = (n: number) => sql`update bench.effects set done = done + 1 where id = ${n}`;
const job =
  way === "batch"
    ? defineJob({
        ...settings,
        input,
        concurrency: () => null,
        runBatch: ({ runs, transaction }) => {
          for (const { input: run } of runs) started.set(run.n, performance.now());
          const ids = `{${runs.map((run) => run.input.n).join(",")}}`;
          return transaction(async (tx) => {
            await tx.execute(sql`update bench.effects set done = done + 1 where id = any (${ids}::integer[])`);
          });
        },
      })
    : defineJob({
        ...settings,
        input,
        concurrency: () => null,
        async run({ input: { n }, db, transaction, finish }) {
          started.set(n, performance.now());
          // The same statement by the same driver as the others.
          if (way === "plain") await db.$client`update bench.effects set done = done + 1 where id = ${n}`;
          else if (way === "finish") await finish(async (tx) => void (await tx.execute(bump(n))));
          else await transaction(async (tx) => void (await tx.execute(bump(n))));
        },
      });

const config = readConfig({ DATABASE_URL: url, DATABASE_POOL_MAX: "10" }, [job]);
// Latency is measured through the in-process carrier; the drain hands batches over itself, as the host does.
const app = openApp(config, catalogueOf([job]), { sink: () => undefined });
const db = connect({ url, poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true });
await app.db.execute(sql`select 1`);

const total = Number(count);
const request = (n: number) => ({ input: { n }, trigger: "event" as const, requestedBy: "benchmark" });
const enqueueStart = performance.now();
const ids: string[] = [];
for (let n = 1; n <= total; n += 1_000) {
  const some = Array.from({ length: Math.min(1_000, total - n + 1) }, (_, i) => request(n + i));
  ids.push(...(await app.enqueuer.enqueueMany(app.db, job, some)).map(({ id }) => id));
}
const enqueueMs = performance.now() - enqueueStart;

const batches = Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, i) => ids.slice(i * BATCH, (i + 1) * BATCH));
const worker = async () => {
  for (let batch = batches.shift(); batch; batch = batches.shift()) await app.runner.executeBatch(job, batch);
};
const drain = await costOf({ url, pid: Number(postmaster) }, () =>
  Promise.all(Array.from({ length: AT_ONCE }, worker)),
);

const latencyMs: number[] = [];
for (let n = 1; n <= 100; n++) {
  // Counted back afterwards, so that the check "each exactly once" still holds.
  await db.execute(sql`update bench.effects set done = done - 1 where id = ${n}`);
  started.delete(n);
  const at = performance.now();
  await app.enqueuer.enqueue(job, request(n));
  while (!started.has(n)) await new Promise((resolve) => setImmediate(resolve));
  latencyMs.push(started.get(n)! - at);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
const { idle, idleMiB } = await idleCost({ url, pid: Number(postmaster) });
await app.close();
await db.$client.end();
console.log(JSON.stringify({ enqueueMs, drain, latencyMs, idle, idleMiB, peakMiB: peakMiB() } satisfies Throughput));
