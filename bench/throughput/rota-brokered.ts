import { spawn } from "node:child_process";
import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openApp } from "#app";
import { catalogueOf } from "#jobs/catalogue.ts";
import { startFunctionsHost } from "#local/functions-host/functions-host.ts";
import type { MessageSource } from "#local/functions-host/message-source.ts";
import { openServiceBusSource } from "#local/functions-host/service-bus-source.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, cpuMsOf, idleCost, peakMiB } from "../support/process-cost.ts";
import type { Throughput } from "../throughput.ts";
import { benchJob } from "./app/jobs/bench-job.ts";

/**
 * The whole way of an event: ledger → message → the Service Bus emulator, in a process of its own → Functions host →
 * the built app. The queue is filled while the host, warm already, does not listen; then it does.
 */
const [url, postmaster, count, app] = process.argv.slice(2) as [string, string, string, string];
const total = Number(count);
const state = await mkdtemp(join(tmpdir(), "rota-bench-host-"));
const queues = ["--queue", "job-runs", "--queue", "bench-job", "--data", join(state, "broker")];
const emulator = join(import.meta.dirname, "../../packages/service-bus-emulator/src/bin.ts");
const broker = spawn(process.execPath, [emulator, ...queues], {
  stdio: ["pipe", "pipe", "inherit"],
});
const [line] = (await once(broker.stdout, "data")) as [Buffer];
const { connectionString } = JSON.parse(line.toString()) as { connectionString: string };
Object.assign(process.env, {
  DATABASE_URL: url,
  DATABASE_POOL_MAX: "10",
  SERVICE_BUS: connectionString,
  LOG_LEVEL: "warn",
});

const taps: { open: () => void; close: () => Promise<void> }[] = [];
const host = await startFunctionsHost({
  appDirectory: app,
  port: 0,
  hostKey: "benchmark",
  stateDirectory: state,
  settings: process.env,
  log: ({ level, message }) => {
    if (/warning|error|critical/.test(level)) process.stderr.write(`${message}\n`);
  },
  openMessageSource: (options) => withTap(openServiceBusSource(options)),
});
const client = openApp(readConfig(process.env, [benchJob]), catalogueOf([benchJob]), {
  sink: () => undefined,
  ownQueues: new Set([benchJob.id]),
});

const started = new Map<number, number>();
const allStarted = Promise.withResolvers<void>();
channel("bench.started").subscribe((n) => {
  started.set(n as number, performance.now());
  if (started.size === total) allStarted.resolve();
});
const request = (n: number) => ({ input: { n }, trigger: "event" as const, requestedBy: "benchmark" });
const done = async () => {
  for (;;) {
    const [row] = await client.db.$client<{ left: number }[]>`
      select count(*)::int as left from platform.job_runs where finished_at is null`;
    if (row!.left === 0) return;
  }
};
/** One run on the warm system. It is counted back, so that the check "each exactly once" still holds. */
const oneOn = async (n: number): Promise<number> => {
  started.delete(n);
  const at = performance.now();
  await client.enqueuer.enqueue(benchJob, request(n));
  while (!started.has(n)) await new Promise((resolve) => setImmediate(resolve));
  await done();
  await client.db.$client`update bench.effects set done = done - 1 where id = ${n}`;
  return started.get(n)! - at;
};
await oneOn(1);
await Promise.all(taps.map(({ close }) => close()));
started.clear();

const enqueueStart = performance.now();
for (let n = 1; n <= total; n += 1_000) {
  const some = Array.from({ length: Math.min(1_000, total - n + 1) }, (_, i) => request(n + i));
  await client.enqueuer.dispatch(await client.enqueuer.enqueueMany(client.db, benchJob, some));
}
const enqueueMs = performance.now() - enqueueStart;

const brokerBefore = cpuMsOf(broker.pid!);
const drain = await costOf({ url, pid: Number(postmaster) }, async () => {
  for (const { open } of taps) open();
  await allStarted.promise;
  await done();
});
const brokerAfter = cpuMsOf(broker.pid!);

const latencyMs: number[] = [];
for (let n = 1; n <= 100; n++) {
  latencyMs.push(await oneOn(n));
  await sleep(5);
}
const { idle, idleMiB } = await idleCost({ url, pid: Number(postmaster) });
await client.close();
await host.stop();
broker.stdin.end();
await once(broker, "exit");
await rm(state, { recursive: true, force: true });
const brokerCpuMs = brokerBefore === null || brokerAfter === null ? null : brokerAfter - brokerBefore;
console.log(
  JSON.stringify({
    enqueueMs,
    drain,
    latencyMs,
    idle,
    idleMiB,
    peakMiB: peakMiB(),
    brokerCpuMs,
  } satisfies Throughput),
);
process.exit(0);

/** A source that can be shut and opened again. */
function withTap(source: MessageSource): MessageSource {
  return {
    ...source,
    start(handlers) {
      taps.push({
        open: () => {
          source.start(handlers);
        },
        close: () => source.pause(),
      });
      source.start(handlers);
    },
  };
}
