import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { startServiceBusEmulator } from "../src/service-bus.ts";
import { emulatorProcess, temporaryDirectory } from "./emulator-process.ts";
import { clientOf, receiveOne } from "./started-emulator.ts";

const quietly = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

test("kill -9 under load loses no accepted message and redelivers no settled one", async () => {
  const directory = temporaryDirectory();
  const accepted = new Set<string>();
  const completed = new Set<string>();
  const completing = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const broker = await emulatorProcess("--queue", "jobs", "--data", directory);
    const client = clientOf(broker.connectionString, { maxRetries: 0, timeoutInMs: 1_000 });
    const sender = client.createSender("jobs");
    const receiver = client.createReceiver("jobs");
    let isDown = false;
    const send = async (worker: number) => {
      for (let count = 0; !isDown; count++) {
        const ids = Array.from({ length: 1 + (count % 5) }, (_, index) => `${round}-${worker}-${count}-${index}`);
        if (await quietly(sender.sendMessages(ids.map((messageId) => ({ messageId, body: contentOf(messageId) }))))) {
          for (const id of ids) accepted.add(id);
        }
      }
    };
    const enough = Promise.withResolvers<undefined>();
    const complete = async () => {
      while (!isDown) {
        const messages = await receiver.receiveMessages(20, { maxWaitTimeInMs: 200 }).catch(() => []);
        await Promise.all(
          messages.map(async (message) => {
            const id = String(message.messageId);
            expect(completed.has(id), `${id} was completed and came back`).toBe(false);
            completing.add(id);
            if (await quietly(receiver.completeMessage(message))) completed.add(id);
          }),
        );
        if (completed.size > 150 * (round + 1)) enough.resolve(undefined);
      }
    };
    const work = [send(1), send(2), send(3), complete()];
    await Promise.race([enough.promise, ...work]);
    isDown = true;
    await broker.kill();
    await Promise.all(work);
    await client.close();
  }

  const bus = await startServiceBusEmulator({
    queues: { jobs: {} },
    dataDirectory: directory,
    locksAtStart: "release",
  });
  const client = clientOf(bus.connectionString);
  const receiver = client.createReceiver("jobs", { receiveMode: "receiveAndDelete" });
  const left = new Set<string>();
  while (bus.counts("jobs").active > 0) {
    for (const { messageId, body } of await receiver.receiveMessages(500, { maxWaitTimeInMs: 200 })) {
      expect(body).toBe(contentOf(String(messageId)));
      left.add(String(messageId));
    }
  }
  await client.close();
  await bus.stop();
  // A completion at the time of the crash may be on disk without an answer to the client.
  const lost = [...accepted].filter((id) => !left.has(id) && !completing.has(id));
  expect(lost).toEqual([]);
  expect([...left].filter((id) => completed.has(id))).toEqual([]);
  expect(accepted.size).toBeGreaterThan(500);
});

test("messages and their states survive a restart", async () => {
  const directory = temporaryDirectory();
  const options = { queues: { jobs: {}, runs: { requiresSession: true } }, dataDirectory: directory };
  const first = await startServiceBusEmulator(options);
  let client = clientOf(first.connectionString);
  const sender = client.createSender("jobs");
  await sender.sendMessages([
    { body: "abandoned", applicationProperties: { a: 1 } },
    { body: "dead" },
    { body: "deferred" },
    { body: "locked" },
    { body: "gone" },
  ]);
  const [scheduled] = await sender.scheduleMessages({ body: "scheduled" }, new Date(Date.now() + 3_600_000));
  await client.createSender("runs").sendMessages({ body: "in a session", sessionId: "a" });
  const session = await client.acceptSession("runs", "a");
  await session.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
  await session.setSessionState({ step: 3 });
  const receiver = client.createReceiver("jobs");
  const [abandoned, dead, deferred, locked, gone] = await receiver.receiveMessages(5, { maxWaitTimeInMs: 5_000 });
  if (!abandoned || !dead || !deferred?.sequenceNumber || !locked || !gone) throw new Error("Expected five messages.");
  await receiver.completeMessage(gone);
  await receiver.deadLetterMessage(dead, {
    deadLetterReason: "because",
    deadLetterErrorDescription: "of a test",
  });
  await receiver.deferMessage(deferred);
  await receiver.abandonMessage(abandoned, { b: 2 });
  await client.close();
  const before = first.counts("jobs");
  expect(before).toEqual({ active: 1, locked: 1, scheduled: 1, deferred: 1, deadLetter: 1 });
  await first.stop();

  const second = await startServiceBusEmulator(options);
  expect(second.counts("jobs")).toEqual(before);
  client = clientOf(second.connectionString);
  const again = client.createReceiver("jobs");
  const message = await receiveOne(again);
  expect(message).toMatchObject({ body: "abandoned", deliveryCount: 1, applicationProperties: { a: 1, b: 2 } });
  await again.completeMessage(message);
  await again.completeMessage(locked);
  const [kept] = await again.receiveDeferredMessages(deferred.sequenceNumber);
  expect(kept?.body).toBe("deferred");
  if (scheduled) await client.createSender("jobs").cancelScheduledMessages(scheduled);
  const dying = await receiveOne(client.createReceiver("jobs", { subQueueType: "deadLetter" }));
  expect(dying).toMatchObject({ body: "dead", deadLetterReason: "because" });
  const resumed = await client.acceptSession("runs", "a");
  expect(await resumed.getSessionState()).toEqual({ step: 3 });
  const [inSession] = await resumed.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
  expect(inSession).toMatchObject({ body: "in a session", deliveryCount: 0 });
  await client.close();
  await second.stop();
});

test("a queue that the options no longer name keeps its messages", async () => {
  const directory = temporaryDirectory();
  const first = await startServiceBusEmulator({ queues: { old: {}, empty: {} }, dataDirectory: directory });
  const client = clientOf(first.connectionString);
  await client.createSender("old").sendMessages({ body: 1 });
  const sender = client.createSender("empty");
  await sender.sendMessages({ body: 1 });
  await receiveOne(client.createReceiver("empty", { receiveMode: "receiveAndDelete" }));
  await client.close();
  await first.stop();
  const second = await startServiceBusEmulator({ queues: { renamed: {} }, dataDirectory: directory });
  expect(second.paths().sort()).toEqual(["old", "renamed"]);
  expect(second.counts("old").active).toBe(1);
  await second.stop();
});

test("a second emulator cannot use the same directory; one after a crash can", async () => {
  const directory = temporaryDirectory();
  const running = await emulatorProcess("--data", directory);
  await expect(startServiceBusEmulator({ dataDirectory: directory })).rejects.toThrow(
    `The data directory ${directory} is in use: expected to be its only user, got process ${running.process.pid ?? 0}`,
  );
  await running.kill();
  const next = await startServiceBusEmulator({ dataDirectory: directory });
  await expect(startServiceBusEmulator({ dataDirectory: directory })).rejects.toThrow("is in use");
  await next.stop();
  await (await startServiceBusEmulator({ dataDirectory: directory })).stop();
});

function contentOf(id: string): string {
  return createHash("sha256").update(id).digest("hex").repeat(4);
}
