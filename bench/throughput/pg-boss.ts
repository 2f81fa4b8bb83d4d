import { PgBoss } from "pg-boss";
import postgres from "postgres";
import { costOf, idleCost, peakMiB } from "../support/process-cost.ts";
import type { Throughput } from "../throughput.ts";

const [url, postmaster, count] = process.argv.slice(2) as [string, string, string];
const total = Number(count);
const boss = new PgBoss({ connectionString: url, schema: "bench_boss", max: 20 });
boss.on("error", (error) => {
  throw error;
});
await boss.start();
await boss.createQueue("job");
const sql = postgres(url, { max: 10 });
const bump = (n: number) => sql`update bench.effects set done = done + 1 where id = ${n}`;

const enqueueStart = performance.now();
for (let n = 1; n <= total; n += 1_000) {
  await boss.insert(
    "job",
    Array.from({ length: Math.min(1_000, total - n + 1) }, (_, i) => ({ data: { n: n + i } })),
  );
}
const enqueueMs = performance.now() - enqueueStart;

let left = total;
const { promise: drained, resolve } = Promise.withResolvers<void>();
const drain = await costOf({ url, pid: Number(postmaster) }, async () => {
  await boss.work<{ n: number }>(
    "job",
    { localConcurrency: 10, batchSize: 50, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 } as never,
    async (jobs) => {
      await Promise.all(jobs.map(({ data: { n } }) => bump(n)));
      left -= jobs.length;
      if (left <= 0) resolve();
    },
  );
  await drained;
  // Done is what is recorded as done, not what was handed out.
  for (;;) {
    const [row] =
      await sql`select count(*)::int as open from bench_boss.job where name = 'job' and state < 'completed'`;
    if (row!.open === 0) break;
  }
});
const { idle, idleMiB } = await idleCost({ url, pid: Number(postmaster) });
await boss.offWork("job");
await boss.stop({ graceful: false });
await sql.end();
console.log(
  JSON.stringify({ enqueueMs, drain, latencyMs: [], idle, idleMiB, peakMiB: peakMiB() } satisfies Throughput),
);
process.exit(0);
