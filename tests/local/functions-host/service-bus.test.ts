import { ServiceBusClient, type ServiceBusMessage } from "@azure/service-bus";
import { type ServiceBusEmulator, startServiceBusEmulator } from "@rota/service-bus-emulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHost, type TestHost, writeApp } from "./host-harness.ts";

const APP = `
import { app } from "@azure/functions";
let running = 0;
const queue = (name, options, handler) => app.serviceBusQueue(name, { connection: "BUS", queueName: name, ...options, handler });

queue("one", { queueName: "%ONE%" }, (message, context) => context.log("one " + JSON.stringify({ message, metadata: context.triggerMetadata })));
queue("bytes", { dataType: "binary" }, (message, context) => context.log("bytes " + Buffer.isBuffer(message) + " " + message.toString("hex")));
queue("odd", {}, (message) => { if (message.n % 2 === 1) throw new Error("odd"); });
queue("limited", {}, async (message, context) => {
  running += 1;
  context.log("limited running " + running);
  await new Promise((resolve) => setTimeout(resolve, 20));
  running -= 1;
});
queue("batch", { cardinality: "many" }, (messages, context) => {
  context.log("batch " + JSON.stringify({ messages, ids: context.triggerMetadata.messageIdArray, counts: context.triggerMetadata.deliveryCountArray }));
  if (context.triggerMetadata.deliveryCountArray[0] === 1 && messages.includes("bad")) throw new Error("bad batch");
});
let release;
queue("held", {}, async (_, context) => { context.log("holding a message"); await new Promise((resolve) => (release = resolve)); });
queue("manual", { autoCompleteMessages: false }, (_, context) => context.log("left unsettled"));
app.timer("freeing", { schedule: "0 0 0 1 1 *", handler: () => release() });
`;
const QUEUES = ["first-queue", "bytes", "odd", "limited", "batch", "held", "manual"];
const queues = Object.fromEntries(QUEUES.map((name) => [name, { maxDeliveryCount: 3 }]));

describe("Service Bus functions", () => {
  let bus: ServiceBusEmulator;
  let client: ServiceBusClient;
  let host: TestHost;

  beforeAll(async () => {
    bus = await startServiceBusEmulator({
      queues: Object.fromEntries(QUEUES.map((name) => [name, { maxDeliveryCount: 3 }])),
    });
    client = new ServiceBusClient(bus.connectionString);
    const hostJson = { version: "2.0", extensions: { serviceBus: { maxConcurrentCalls: 4, maxMessageBatchSize: 10 } } };
    host = await startHost(await writeApp({ "main.js": APP, "host.json": JSON.stringify(hostJson) }), {
      settings: { BUS: bus.connectionString, ONE: "first-queue" },
    });
  });
  afterAll(async () => {
    await client.close();
    await bus.stop();
  });

  async function send(queue: string, messages: ServiceBusMessage[]): Promise<void> {
    const sender = client.createSender(queue);
    await sender.sendMessages(messages);
    await sender.close();
  }

  /** Waits until the queue is empty and no message is locked. */
  async function drained(queue: string): Promise<{ deadLetter: number }> {
    for (;;) {
      const { active, locked, deadLetter } = bus.counts(queue);
      if (active + locked === 0) return { deadLetter };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const after = (line: { message: string }, word: string): unknown => JSON.parse(line.message.slice(word.length + 1));

  it("are listed with their queue", () => {
    expect(host.functions.find(({ name }) => name === "one")).toEqual({
      name: "one",
      trigger: "serviceBus",
      isDisabled: false,
      queueName: "first-queue",
    });
  });

  it("get a parsed message with its metadata, which is completed", async () => {
    await send("first-queue", [
      {
        body: { runId: "r1" },
        messageId: "m1",
        correlationId: "c1",
        subject: "s",
        applicationProperties: { Kind: "k", n: 1 },
      },
    ]);
    expect(after(await host.line("one "), "one")).toMatchObject({
      message: { runId: "r1" },
      metadata: {
        messageId: "m1",
        correlationId: "c1",
        subject: "s",
        label: "s",
        deliveryCount: 1,
        sequenceNumber: 1,
        enqueuedTimeUtc: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        lockToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        applicationProperties: { kind: "k", n: 1 },
        userProperties: { kind: "k", n: 1 },
      },
    });
    expect(await drained("first-queue")).toEqual({ deadLetter: 0 });
  });

  it("get text as text, and bytes with dataType binary", async () => {
    await send("first-queue", [{ body: "not json" }]);
    expect(after(await host.line("one "), "one")).toMatchObject({ message: "not json" });
    await send("bytes", [{ body: Buffer.from([0xff, 0x00]) }]);
    await host.line("bytes true ff00");
  });

  it("settle each concurrent message with its own outcome", async () => {
    await send(
      "odd",
      Array.from({ length: 40 }, (_, n) => ({ body: { n } })),
    );
    expect(await drained("odd")).toEqual({ deadLetter: 20 });
    const receiver = client.createReceiver("odd", { subQueueType: "deadLetter" });
    const dead = await receiver.receiveMessages(40, { maxWaitTimeInMs: 1000 });
    expect(dead.map(({ body }) => (body as { n: number }).n).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => 2 * index + 1),
    );
    await receiver.close();
  });

  it("run at most as many messages at once as host.json allows", async () => {
    await send(
      "limited",
      Array.from({ length: 20 }, () => ({ body: 1 })),
    );
    await drained("limited");
    const counts = host.lines.flatMap(({ message }) => /^limited running (\d+)$/.exec(message)?.[1] ?? []).map(Number);
    expect(counts).toHaveLength(20);
    expect(Math.max(...counts)).toBe(4);
  });

  it("get batches up to the size of host.json, which fail as a whole", async () => {
    await send(
      "batch",
      Array.from({ length: 24 }, (_, n) => ({ body: n === 3 ? "bad" : `b${n}`, messageId: `m${n}` })),
    );
    expect(await drained("batch")).toEqual({ deadLetter: 0 });
    const batches = host.lines
      .filter(({ message }) => message.startsWith("batch "))
      .map((line) => after(line, "batch") as { messages: string[]; ids: string[]; counts: number[] });
    expect(Math.max(...batches.map(({ messages }) => messages.length))).toBe(10);
    const failed = batches.find(({ messages, counts }) => messages.includes("bad") && counts[0] === 1);
    const again = batches.filter(({ counts }) => counts.includes(2)).flatMap(({ ids }) => ids);
    expect(again).toEqual(expect.arrayContaining(failed?.ids ?? []));
    expect(new Set(batches.flatMap(({ ids }) => ids)).size).toBe(24);
  });

  it("do not settle messages when autoCompleteMessages is false", async () => {
    await send("manual", [{ body: 1 }]);
    await host.line("left unsettled");
    expect(bus.counts("manual")).toMatchObject({ locked: 1, deadLetter: 0 });
  });

  it("receive again after a restart of the broker", async () => {
    // The client waits a minute when its connection breaks while it is still connecting.
    await send("first-queue", [{ body: "connected" }]);
    await host.line("connected");
    const { port } = bus;
    await client.close();
    await bus.stop();
    bus = await startServiceBusEmulator({ port, queues });
    client = new ServiceBusClient(bus.connectionString);
    await send("first-queue", [{ body: "back again" }]);
    const line = await host.line("back again");
    expect(after(line, "one")).toMatchObject({ message: "back again" });
  });

  it("finish the current message when the host stops", async () => {
    await send("held", [{ body: 1 }]);
    await host.line("holding a message");
    const stopped = host.stop();
    await host.line("Stopping with 1 running invocations.");
    expect(bus.counts("held").locked).toBe(1);
    await host.invokeTimer("freeing");
    await stopped;
    expect(bus.counts("held")).toMatchObject({ active: 0, locked: 0, deadLetter: 0 });
  });
});
