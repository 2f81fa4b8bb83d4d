import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { emulatorProcess, temporaryDirectory } from "./emulator-process.ts";
import { clientOf, receiveOne } from "./started-emulator.ts";

test("the program takes queues from its arguments and from a file", async () => {
  const config = join(temporaryDirectory(), "queues.json");
  writeFileSync(config, JSON.stringify({ queues: { filed: { maxDeliveryCount: 1 } } }));
  const emulator = await emulatorProcess("--queue", "named", "--config", config);
  const client = clientOf(emulator.connectionString);
  onTestFinished(() => client.close());
  await client.createSender("named").sendMessages({ body: 1 });
  await client.createSender("filed").sendMessages({ body: 2 });
  const receiver = client.createReceiver("filed");
  await receiver.abandonMessage(await receiveOne(receiver));
  const dead = await receiveOne(client.createReceiver("filed", { subQueueType: "deadLetter" }));
  expect(dead.body).toBe(2);
});

test("the program ends when the pipe of its parent closes", async () => {
  const emulator = await emulatorProcess("--queue", "jobs");
  const exit = once(emulator.process, "exit");
  emulator.process.stdin?.end();
  expect(await exit).toEqual([0, null]);
});
