import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { brokerProcess, temporaryDirectory } from "./emulator-process.ts";
import { clientOf, receiveOne } from "./started-emulator.ts";

test("the stand-in runs by itself, with queues from arguments and from a file", async () => {
  const config = join(temporaryDirectory(), "queues.json");
  writeFileSync(config, JSON.stringify({ queues: { filed: { maxDeliveryCount: 1 } } }));
  const broker = await brokerProcess("--queue", "named", "--config", config);
  const client = clientOf(broker.connectionString);
  onTestFinished(() => client.close());
  await client.createSender("named").sendMessages({ body: 1 });
  await client.createSender("filed").sendMessages({ body: 2 });
  const receiver = client.createReceiver("filed");
  await receiver.abandonMessage(await receiveOne(receiver));
  const dead = await receiveOne(client.createReceiver("filed", { subQueueType: "deadLetter" }));
  expect(dead.body).toBe(2);
});

test("it ends when its parent's pipe closes", async () => {
  const broker = await brokerProcess("--queue", "jobs");
  const exit = once(broker.process, "exit");
  broker.process.stdin?.end();
  expect(await exit).toEqual([0, null]);
});
