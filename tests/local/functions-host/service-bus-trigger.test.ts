import { ServiceBusClient } from "@azure/service-bus";
import { type ServiceBusEmulator, startServiceBusEmulator } from "@rota/service-bus-emulator";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { ServiceBusFunction } from "#local/functions-host/function-definition.ts";
import { parseHostJson } from "#local/functions-host/host-json.ts";
import { openServiceBusSource } from "#local/functions-host/service-bus-source.ts";
import { startServiceBusTrigger } from "#local/functions-host/service-bus-trigger.ts";

const QUEUES = ["ahead", "none-ahead", "ending", "cut-off"];
let bus: ServiceBusEmulator;
let client: ServiceBusClient;

beforeAll(async () => {
  bus = await startServiceBusEmulator({ queues: Object.fromEntries(QUEUES.map((name) => [name, {}])) });
  client = new ServiceBusClient(bus.connectionString);
});
afterAll(async () => {
  await client.close();
  await bus.stop();
});

/** A function with batches of two messages, each of which ends when the test ends it. */
async function startedBatches(queueName: string, prefetchCount: number) {
  await client.createSender(queueName).sendMessages([0, 1, 2, 3, 4, 5].map((body) => ({ body })));
  const batches: { bodies: string[]; end: () => void }[] = [];
  const { hostJson } = parseHostJson(
    JSON.stringify({ version: "2.0", extensions: { serviceBus: { maxMessageBatchSize: 2, prefetchCount } } }),
  );
  const fn = {
    name: "batch",
    trigger: "serviceBus",
    bindingName: "messages",
    isDisabled: false,
    isBinary: false,
    queueName,
    connectionString: bus.connectionString,
    cardinality: "many",
    autoComplete: true,
  } as unknown as ServiceBusFunction;
  const errors: unknown[] = [];
  const trigger = startServiceBusTrigger(fn, {
    open: openServiceBusSource,
    options: hostJson.serviceBus,
    invoke: (_, { inputData }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const data = inputData[0]?.data as { collectionString: { string: string[] } };
      batches.push({ bodies: data.collectionString.string, end: resolve });
      return promise;
    },
    onError: (_, error) => errors.push(error),
  });
  onTestFinished(async () => {
    for (const { end } of batches) end();
    await trigger.pause();
    await trigger.close();
  });
  await expect.poll(() => batches.length).toBe(1);
  return { batches, trigger, errors };
}

it("prefetches prefetchCount messages during a batch, and runs one batch at a time", async () => {
  const { batches } = await startedBatches("ahead", 3);
  await expect.poll(() => bus.counts("ahead")).toMatchObject({ locked: 5, active: 1 });
  expect(batches.map(({ bodies }) => bodies)).toEqual([["0", "1"]]);
  batches[0]!.end();
  await expect.poll(() => batches.length).toBe(2);
  expect(batches[1]!.bodies).toEqual(["2", "3"]);
  await expect.poll(() => bus.counts("ahead")).toMatchObject({ locked: 4, active: 0 });
});

it("prefetches no messages without prefetchCount", async () => {
  const { batches } = await startedBatches("none-ahead", 0);
  expect(bus.counts("none-ahead")).toMatchObject({ locked: 2, active: 4 });
  batches[0]!.end();
  await expect.poll(() => batches.length).toBe(2);
  await expect.poll(() => bus.counts("none-ahead")).toMatchObject({ locked: 2, active: 2 });
});

it("releases prefetched messages when it pauses, and settles the current batch before it closes", async () => {
  const { batches, trigger, errors } = await startedBatches("ending", 3);
  await expect.poll(() => bus.counts("ending").locked).toBe(5);
  await trigger.pause();
  await expect.poll(() => bus.counts("ending")).toMatchObject({ locked: 2, active: 4 });
  batches[0]!.end();
  await new Promise(setImmediate);
  await trigger.close();
  expect(bus.counts("ending")).toMatchObject({ locked: 0, active: 4 });
  expect(batches).toHaveLength(1);
  expect(errors).toEqual([]);
});

it("closes when the broker has stopped before the settlement", async () => {
  const { port } = bus;
  const { batches, trigger } = await startedBatches("cut-off", 0);
  await bus.stop();
  batches[0]!.end();
  await new Promise(setImmediate);
  await trigger.close();
  bus = await startServiceBusEmulator({ port });
});
