import { once } from "node:events";
import { createConnection } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ServiceBusClient } from "@azure/service-bus";
import { expect, test } from "vitest";
import { cutConnection, receiveOne, startedEmulator } from "./started-emulator.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("the emulator counts no connection after 40 clients have closed", async () => {
  const { bus, connect } = await startedEmulator({ queues: { jobs: {} } });
  const clients = Array.from({ length: 40 }, connect);
  await Promise.all(clients.map((client, body) => client.createSender("jobs").sendMessages({ body })));
  const bodies = await Promise.all(
    clients.map(async (client) => {
      const receiver = client.createReceiver("jobs");
      const message = await receiveOne(receiver);
      await receiver.completeMessage(message);
      return message.body as number;
    }),
  );
  expect(bodies.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, body) => body));
  expect(bus.connections()).toBe(40);
  await Promise.all(clients.map((client) => client.close()));
  expect(bus.connections()).toBe(0);
});

test("lost clients and peers that speak no AMQP do not affect other clients", async () => {
  const { bus, connect, client } = await startedEmulator({ queues: { jobs: {} } });
  const lost = Array.from({ length: 10 }, connect);
  await Promise.all(lost.map((one, body) => one.createSender("jobs").sendMessages({ body })));
  for (const noise of [
    "GET / HTTP/1.1\r\n\r\n",
    "AMQP\0\0\t\u0001",
    "AMQP\0\u0001\0\0\u0000\u0000\u0000\u0001garbage",
    "",
  ]) {
    const socket = createConnection(bus.port, "127.0.0.1");
    socket.on("error", () => undefined).resume();
    await once(socket, "connect");
    socket.write(noise, () => socket.resetAndDestroy());
    await once(socket, "close");
  }
  for (const one of lost) cutConnection(one);
  await client.createSender("jobs").sendMessages({ body: 10 });
  const receiver = client.createReceiver("jobs");
  expect((await receiver.receiveMessages(11, { maxWaitTimeInMs: 5_000 })).length).toBe(11);
});

test("memory does not grow with the number of completed messages", async () => {
  const { bus } = await startedEmulator({ queues: { jobs: { defaultTtlMs: 86_400_000 } } });
  const client = new ServiceBusClient(bus.connectionString);
  const sender = client.createSender("jobs");
  const receiver = client.createReceiver("jobs");
  const pass = async (rounds: number): Promise<number> => {
    for (let round = 0; round < rounds; round++) {
      await sender.sendMessages(Array.from({ length: 500 }, (_, body) => ({ body })));
      const messages = await receiver.receiveMessages(500, { maxWaitTimeInMs: 5_000 });
      await Promise.all(messages.map((message) => receiver.completeMessage(message)));
      if (messages.length < 500) round--;
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await pass(20);
  const after = await pass(100);
  await client.close();
  // 50,000 messages of 200 bytes are 10 MB, and their entries in four indexes as much again.
  expect(after - before).toBeLessThan(5 * 2 ** 20);
});
