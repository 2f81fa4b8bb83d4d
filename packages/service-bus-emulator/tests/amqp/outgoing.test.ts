import { isServiceBusError } from "@azure/service-bus";
import type { EventContext } from "rhea";
import rhea from "rhea";
import { expect, onTestFinished, test } from "vitest";
import { startedEmulator } from "../started-emulator.ts";

test("a message longer than the client's frames arrives whole, and the client can settle it", async () => {
  const { bus, client } = await startedEmulator({ queues: { jobs: {} } });
  const bodies = ["a".repeat(3_000), "b", "c".repeat(1_000)];
  for (const body of bodies) await client.createSender("jobs").sendMessages({ body });
  // Azure's client sets no limit.
  const connection = rhea.create_container().connect({
    host: "127.0.0.1",
    port: bus.port,
    username: "anyone",
    max_frame_size: 512,
    reconnect: false,
  });
  onTestFinished(() => {
    connection.close();
  });
  const receiver = connection.open_receiver({ source: "jobs", autoaccept: false, credit_window: 0 });
  const received = Promise.withResolvers<EventContext[]>();
  const contexts: EventContext[] = [];
  receiver.on("message", (context: EventContext) => {
    if (contexts.push(context) === bodies.length) received.resolve(contexts);
  });
  receiver.add_credit(bodies.length);
  const texts = (await received.promise).map(
    ({ message }) => JSON.parse((message?.body as { content: Buffer }).content.toString()) as string,
  );
  expect(texts).toEqual(bodies);
  for (const { delivery } of contexts) delivery?.accept();
  await expect.poll(() => bus.counts("jobs")).toMatchObject({ active: 0, locked: 0 });
});

test("of messages that are settled together, those with a lost lock are rejected and the others are accepted", async () => {
  const { bus, client, pass } = await startedEmulator({ queues: { jobs: { lockDurationMs: 30_000 } } });
  await client.createSender("jobs").sendMessages([0, 1, 2, 3, 4].map((body) => ({ body })));
  const receiver = client.createReceiver("jobs", { maxAutoLockRenewalDurationInMs: 0 });
  const messages = await receiver.receiveMessages(5, { maxWaitTimeInMs: 5_000 });
  pass(20_000);
  for (const kept of [0, 2, 3]) await receiver.renewMessageLock(messages[kept]!);
  pass(20_000);
  const settled = await Promise.allSettled(messages.map((message) => receiver.completeMessage(message)));
  const codes = settled.map(({ status, ...rest }) => {
    const { reason } = rest as { reason?: unknown };
    return isServiceBusError(reason) ? reason.code : status;
  });
  expect(codes).toEqual(["fulfilled", "MessageLockLost", "fulfilled", "fulfilled", "MessageLockLost"]);
  expect(bus.counts("jobs")).toMatchObject({ active: 2, locked: 0 });
});
