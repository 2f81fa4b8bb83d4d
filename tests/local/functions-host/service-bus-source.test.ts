import { startServiceBusEmulator } from "@rota/service-bus-emulator";
import { expect, it, onTestFinished } from "vitest";
import { openServiceBusSource } from "#local/functions-host/service-bus-source.ts";
import { openServiceBus } from "#messaging/service-bus-sender.ts";
import { startFaultyProxy } from "#support/faulty-proxy.ts";

const QUEUE = "runs";

/** A source that reaches the broker through a proxy, and whose checks have short limits. */
async function startSource(network: "pass" | "silent") {
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
  source.start({
    receive: async (message) => {
      received.push(Buffer.from(message.body).toString());
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
  return { proxy, received, errors, send };
}

it("receives over a new connection after the broker became silent", async () => {
  const { proxy, received, errors, send } = await startSource("pass");
  await send("first");
  await expect.poll(() => received).toEqual(['"first"']);
  proxy.set("silent");
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
