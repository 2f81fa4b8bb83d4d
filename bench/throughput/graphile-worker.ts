import { Logger, makeWorkerUtils, run, type Runner, type RunnerOptions } from "graphile-worker";
import postgres from "postgres";
import { costOf, idleCost, peakMiB } from "../support/process-cost.ts";
import type { Throughput } from "../throughput.ts";

const [url, postmaster, count] = process.argv.slice(2) as [string, string, string];
const total = Number(count);
const logger = new Logger(() => () => undefined);
const utils = await makeWorkerUtils({ connectionString: url, logger });
await utils.migrate();
const sql = postgres(url, { max: 10 });
const bump = (n: number) => sql`update bench.effects set done = done + 1 where id = ${n}`;

const enqueueStart = performance.now();
for (let n = 1; n <= total; n += 1_000) {
  await utils.addJobs(
    Array.from({ length: Math.min(1_000, total - n + 1) }, (_, i) => ({ identifier: "job", payload: { n: n + i } })),
  );
}
const enqueueMs = performance.now() - enqueueStart;

let left = total;
let drained = Promise.withResolvers<void>();
let runner: Runner | undefined;
const started = new Map<number, number>();
const options = {
  connectionString: url,
  logger,
  concurrency: 24,
  pollInterval: 2_000,
  noHandleSignals: true,
  preset: { worker: { concurrentJobs: 24, maxPoolSize: 25, localQueue: { size: 500 }, completeJobBatchDelay: 0 } },
  taskList: {
    job: async (payload) => {
      const { n } = payload as { n: number };
      started.set(n, performance.now());
      await bump(n);
      left -= 1;
      if (left === 0) drained.resolve();
    },
  },
} satisfies RunnerOptions;
const drain = await costOf({ url, pid: Number(postmaster) }, async () => {
  runner = await run(options);
  await drained.promise;
  // Done is what is recorded as done, not what was handed out.
  for (;;) {
    const [row] = await sql`select count(*)::int as open from graphile_worker._private_jobs`;
    if (row!.open === 0) break;
  }
});

const latencyMs: number[] = [];
for (let n = 1; n <= 100; n++) {
  await sql`update bench.effects set done = done - 1 where id = ${n}`;
  started.delete(n);
  left = 1;
  drained = Promise.withResolvers<void>();
  const at = performance.now();
  await utils.addJob("job", { n });
  await drained.promise;
  latencyMs.push(started.get(n)! - at);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
const { idle, idleMiB } = await idleCost({ url, pid: Number(postmaster) });
await runner!.stop();
await utils.release();
await sql.end();
console.log(JSON.stringify({ enqueueMs, drain, latencyMs, idle, idleMiB, peakMiB: peakMiB() } satisfies Throughput));
process.exit(0);
