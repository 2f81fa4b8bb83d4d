import { join } from "node:path";
import { ServiceBusClient, type ServiceBusMessage } from "@azure/service-bus";
import { type ServiceBusEmulator, startServiceBusEmulator } from "@rota/service-bus-emulator";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { deadMessages } from "#data/platform/control-schema.ts";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import { openDatabase } from "#support/database.ts";
import { aRun } from "#support/factories.ts";
import { startHost, type TestHost, writeApp } from "../../local/functions-host/host-harness.ts";

const ROOT = join(import.meta.dirname, "../../..");
const QUEUES = ["job-runs", "one-by-one", "in-batches", "beside-a-timer"];
const app = (settings: Record<string, string>) => `
import { register } from ${JSON.stringify(join(ROOT, "shared/azure/register.ts"))};
import { manifestOf } from ${JSON.stringify(join(ROOT, "shared/azure/manifest.ts"))};
import { jobs } from ${JSON.stringify(join(import.meta.dirname, "message-jobs.ts"))};
const loaders = { jobs: Object.fromEntries(jobs.map((job) => [job.id, async () => job])), routes: {} };
Object.assign(process.env, ${JSON.stringify(settings)});
await register(manifestOf(jobs, []), loaders);
`;

const { url, db } = await openDatabase();
let bus: ServiceBusEmulator;
let client: ServiceBusClient;
let host: TestHost;
beforeAll(async () => {
  bus = await startServiceBusEmulator({
    queues: Object.fromEntries(QUEUES.map((name) => [name, { maxDeliveryCount: 5 }])),
  });
  client = new ServiceBusClient(bus.connectionString);
  const settings = { DATABASE_URL: url, SERVICE_BUS: bus.connectionString };
  host = await startHost(await writeApp(app(settings)), { settings });
});
afterAll(async () => {
  await host.stop();
  await client.close();
  await bus.stop();
});

/** Waits until no message is waiting or in work. */
async function quiet(): Promise<void> {
  for (;;) {
    const open = QUEUES.map((queue) => bus.counts(queue)).map(
      ({ active, locked, scheduled }) => active + locked + scheduled,
    );
    if (open.every((count) => count === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function send(queue: string, messages: readonly ServiceBusMessage[]): Promise<void> {
  const sender = client.createSender(queue);
  for (const message of messages) await sender.sendMessages(message);
  await sender.close();
}

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 60 }).map((run) => ({ run })),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.record({ run: fc.oneof(fc.integer(), fc.array(fc.uuid()), fc.constant(null), fc.constant({})) }),
  fc.constantFrom<unknown>("", "\0", '{"run":"\\u0000"}', '"\\ud800"', "[".repeat(200_000), "x".repeat(250_000)),
  fc.integer({ min: 1, max: 100_000 }).map((depth) => Buffer.from("[".repeat(depth) + "]".repeat(depth))),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => Buffer.from('{"run":'.repeat(depth) + "1" + "}".repeat(depth))),
  fc.integer({ min: 10_000, max: 250_000 }).map((size) => Buffer.alloc(size, 0)),
);
const envelope: fc.Arbitrary<Omit<ServiceBusMessage, "body">> = fc.record(
  {
    messageId: fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
    contentType: fc.constantFrom("application/json", "text/plain", "application/octet-stream", "\0"),
    subject: fc.string({ unit: "binary", maxLength: 20 }),
    applicationProperties: fc.dictionary(
      fc.string({ maxLength: 8 }),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    ),
  },
  { requiredKeys: [] },
);

it("every unreadable message is stored once with a reason, and the worker keeps running", async () => {
  const count = Number(process.env.FUZZ_RUNS ?? 60);
  const cases = fc.sample(fc.tuple(fc.constantFrom(...QUEUES), odd, envelope), count);
  const asked: Run[] = [];
  for (const [i, [queue, body, given]] of cases.entries()) {
    await send(queue, [{ ...given, body }]);
    if (i % 10) continue;
    // Valid messages between them, on any queue.
    for (const jobId of ["asked_for", "one_by_one", "in_batches", "beside_a_timer"]) {
      const run = await aRun(db, { jobId, family: "samples", state: "queued" });
      await send(QUEUES[(i / 10) % QUEUES.length]!, [
        { body: { run: run.id } },
        { body: JSON.stringify({ run: run.id.toUpperCase() }) },
      ]);
      asked.push(run);
    }
  }
  await quiet();
  for (const queue of QUEUES) expect(bus.counts(queue), queue).toMatchObject({ deadLetter: 0 });
  const kept = await db.select().from(deadMessages);
  for (const { reason } of kept) expect(reason).toMatch(/./s);
  expect(kept).toHaveLength(cases.length);
  const runs = new Map((await db.select().from(jobRuns)).map((run) => [run.id, run]));
  for (const { id, jobId } of asked) {
    expect(runs.get(id), `a run of ${jobId}`).toMatchObject({ state: "succeeded", attempt: 1, result: { did: jobId } });
  }
});

it("a message of an unknown run is stored, one of an ended run is not", async () => {
  await db.delete(deadMessages);
  const unknown = "01a202c5-e286-77a2-a61a-4cbcc13ff880";
  const ended = await Promise.all(
    (["succeeded", "dead", "skipped", "cancelled"] as const).map((state) =>
      aRun(db, { jobId: "in_batches", family: "samples", state }),
    ),
  );
  for (const queue of QUEUES) {
    await send(queue, [{ body: { run: unknown }, messageId: `stray ${queue}` }]);
    await send(
      queue,
      ended.map(({ id }) => ({ body: { run: id } })),
    );
  }
  await quiet();
  const kept = await db.select().from(deadMessages);
  expect(kept.map(({ queue }) => queue).sort()).toEqual([...QUEUES].sort());
  for (const { queue, messageId, reason, body } of kept) {
    expect({ messageId, reason, body }).toEqual({
      messageId: `stray ${queue}`,
      reason: `there is no run ${unknown} in the ledger`,
      body: JSON.stringify({ run: unknown }),
    });
  }
  for (const queue of QUEUES) expect(bus.counts(queue)).toMatchObject({ deadLetter: 0 });
});
