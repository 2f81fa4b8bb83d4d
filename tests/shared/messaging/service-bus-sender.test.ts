import { startServiceBusEmulator } from "@rota/service-bus-emulator";
import { expect, it, onTestFinished } from "vitest";
import { openServiceBus } from "#messaging/service-bus-sender.ts";
import { startFaultyProxy } from "#support/faulty-proxy.ts";

const QUEUE = "runs";

async function startSender() {
  const bus = await startServiceBusEmulator({ queues: { [QUEUE]: {} } });
  const proxy = await startFaultyProxy(`amqp://127.0.0.1:${bus.port}`);
  const connectionString = bus.connectionString.replace(`:${bus.port}`, `:${new URL(proxy.url).port}`);
  const sender = openServiceBus({ connectionString }, () => new Date());
  onTestFinished(async () => {
    await sender.close();
    await bus.stop();
    await proxy.close();
  });
  return { bus, proxy, sender };
}

it("a check fails while the broker is silent, also on an open link; later calls use a new connection", async () => {
  const { bus, proxy, sender } = await startSender();
  await sender.send(QUEUE, [{ body: 1, messageId: "1" }]);
  await sender.check(QUEUE, AbortSignal.timeout(60_000));
  proxy.set("silent");
  await expect(sender.check(QUEUE, AbortSignal.timeout(500))).rejects.toMatchObject({ name: "AbortError" });
  proxy.set("pass");
  await sender.check(QUEUE, AbortSignal.timeout(60_000));
  await sender.send(QUEUE, [{ body: 2, messageId: "2" }]);
  expect(bus.counts(QUEUE).active).toBe(2);
});

it("a call after an attempt to connect without an answer uses a new connection", async () => {
  const { bus, proxy, sender } = await startSender();
  proxy.set("silent");
  await expect(sender.check(QUEUE, AbortSignal.timeout(500))).rejects.toMatchObject({ name: "AbortError" });
  proxy.set("pass");
  await sender.send(QUEUE, [{ body: 1, messageId: "1" }]);
  expect(bus.counts(QUEUE).active).toBe(1);
});
