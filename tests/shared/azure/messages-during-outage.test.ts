import { join } from "node:path";
import { ServiceBusClient } from "@azure/service-bus";
import { type ServiceBusEmulator, startServiceBusEmulator } from "@rota/service-bus-emulator";
import { ne } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import { openDatabase } from "#support/database.ts";
import { aRun } from "#support/factories.ts";
import { type FaultyProxy, startFaultyProxy } from "#support/faulty-proxy.ts";
import { startHost, type TestHost, writeApp } from "../../local/functions-host/host-harness.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** Each with its job. */
const QUEUES = { "job-runs": "asked_for", "one-by-one": "one_by_one", "in-batches": "in_batches" };
const app = (settings: Record<string, string>) => `
import { register } from ${JSON.stringify(join(ROOT, "shared/azure/register.ts"))};
import { manifestOf } from ${JSON.stringify(join(ROOT, "shared/azure/manifest.ts"))};
import { jobs } from ${JSON.stringify(join(import.meta.dirname, "message-jobs.ts"))};
const loaders = { jobs: Object.fromEntries(jobs.map((job) => [job.id, async () => job])), routes: {} };
Object.assign(process.env, ${JSON.stringify(settings)});
await register(manifestOf(jobs, []), loaders);
`;

const { url, db } = await openDatabase();
let proxy: FaultyProxy;
let bus: ServiceBusEmulator;
let client: ServiceBusClient;
let host: TestHost;
beforeAll(async () => {
  proxy = await startFaultyProxy(url);
  bus = await startServiceBusEmulator({ queues: { ...queueSettings(), "beside-a-timer": {} } });
  client = new ServiceBusClient(bus.connectionString);
  const settings = { DATABASE_URL: proxy.url, SERVICE_BUS: bus.connectionString };
  host = await startHost(await writeApp(app(settings)), { settings });
});
afterAll(async () => {
  await host.stop();
  await client.close();
  await bus.stop();
  await proxy.close();
});

/** As on Azure: the tenth failed delivery is the last one. */
function queueSettings() {
  return Object.fromEntries(Object.keys(QUEUES).map((name) => [name, { maxDeliveryCount: 10 }]));
}

it("messages that arrive while the database is away are delivered once, and run when it is back", async () => {
  proxy.set("close");
  const runs: Run[] = [];
  for (const [queue, jobId] of Object.entries(QUEUES)) {
    const own = await Promise.all(
      Array.from({ length: 20 }, () => aRun(db, { jobId, family: "samples", state: "queued" })),
    );
    runs.push(...own);
    await client.createSender(queue).sendMessages(own.map(({ id }) => ({ body: { run: id } })));
  }
  // Far longer than ten deliveries of a message would take.
  const attempts = proxy.accepted;
  await expect.poll(() => proxy.accepted - attempts, { timeout: 60_000 }).toBeGreaterThanOrEqual(5);
  proxy.set("pass");
  const left = () => db.select().from(jobRuns).where(ne(jobRuns.state, "succeeded"));
  await expect.poll(left, { timeout: 60_000 }).toEqual([]);
  expect(await db.$count(jobRuns)).toBe(runs.length);
  for (const queue of Object.keys(QUEUES)) expect(bus.counts(queue), queue).toMatchObject({ deadLetter: 0 });
  expect(host.lines.filter(({ message }) => message.includes("The function failed"))).toEqual([]);
});
