import { startServiceBusEmulator } from "@rota/service-bus-emulator";
import { expect, it, onTestFinished } from "vitest";
import { openServiceBusSource } from "#local/functions-host/service-bus-source.ts";
import { openServiceBus } from "#messaging/service-bus-sender.ts";
import { type ProxyMode, startFaultyProxy } from "#support/faulty-proxy.ts";

const QUEUE = "runs";

/** A source that reaches the broker through a proxy, and whose checks have short limits. */
async function startSource(network: ProxyMode) {
  const bus = await startServiceBusEmulator({ queues: { [QUEUE]: {} } });
  const proxy = await startFaultyProxy(`amqp://127.0.0.1:${bus.port}`);
  proxy.set(network);
  const connectionString = bus.connectionString.replace(`:${bus.port}`, `:${new URL(proxy.url).port}`);
  const source = openServiceBusSource(
    { queueName: QUEUE, connectionString, concurrency: 1, lockRenewalMs: 0 },
    { everyMs: 100, limitMs: 500 },
  );
  const sender = openServiceBus({ connectionString: bus.connectionString }, () => new Date());
  const received: string[] = [];
  const errors: string[] = [];
  let held = Promise.resolve();
  source.start({
    receive: async (message) => {
      received.push(Buffer.from(message.body).toString());
      await held;
      await message.complete();
    },
    onError: (error) => errors.push((error as Error).message),
  });
  onTestFinished(async () => {
    await Promise.all([sender.close(), source.close()]);
    await bus.stop();
    await proxy.close();
  });
  const send = (body: string) => sender.send(QUEUE, [{ body, messageId: body }]);
  /** Holds each message in process until the returned function is called. */
  const hold = () => {
    const end = Promise.withResolvers<void>();
    held = end.promise;
    return end.resolve;
  };
  return { proxy, received, errors, send, hold };
}

const silences = ["silent", "silent to client", "silent to server"] as const;

it.each(silences)("receives over a new connection after the network became %s", async (silence) => {
  const { proxy, received, errors, send } = await startSource("pass");
  await send("first");
  await expect.poll(() => received).toEqual(['"first"']);
  proxy.set(silence);
  await expect.poll(() => errors).toContain("Service Bus did not answer within 500 ms, twice; connecting again");
  proxy.set("pass");
  // The broker may have a message in flight on each lost connection.
  await expect
    .poll(async () => {
      await send("later");
      return received;
    })
    .toContain('"later"');
});

it("receives when the broker left the first attempt to connect without an answer", async () => {
  const { proxy, received, errors, send } = await startSource("silent");
  await expect.poll(() => proxy.accepted).toBe(1);
  await expect.poll(() => errors).not.toEqual([]);
  proxy.set("pass");
  await send("first");
  await expect.poll(() => received).toContain('"first"');
});

it("receives over a new connection when messages wait, because the broker has no credit for its link", async () => {
  const { proxy, received, errors, send } = await startSource("no credit");
  await send("first");
  await expect.poll(() => errors).toContain("The receiver received no message while one waited; connecting again");
  expect(received).toEqual([]);
  proxy.set("pass");
  await expect.poll(() => received).toEqual(['"first"']);
});

it("keeps a connection while its own message is in process, however long that takes", async () => {
  const { proxy, received, errors, send, hold } = await startSource("pass");
  const release = hold();
  await send("first");
  await expect.poll(() => received).toEqual(['"first"']);
  await send("second");
  // Several checks: each sends a few hundred bytes.
  await new Promise<void>((resolve) => {
    proxy.afterBytes(5_000, resolve);
  });
  expect({ connections: proxy.accepted, errors }).toEqual({ connections: 1, errors: [] });
  release();
  await expect.poll(() => received).toEqual(['"first"', '"second"']);
});
