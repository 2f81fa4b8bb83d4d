import { startServiceBusEmulator } from "@rota/service-bus-emulator";
import { expect, it, onTestFinished } from "vitest";
import { brokerProbe } from "#messaging/broker-probe.ts";
import { openServiceBus } from "#messaging/service-bus-sender.ts";

it("without a broker the state is in-process", async () => {
  expect(await brokerProbe(null)()).toEqual({ state: "in-process" });
});

it("a reachable broker is connected; a missing queue is unreachable, without the address", async () => {
  for (const queue of ["job-runs", "another"]) {
    const bus = await startServiceBusEmulator({ queues: { [queue]: {} } });
    onTestFinished(() => bus.stop());
    const sender = openServiceBus({ connectionString: bus.connectionString }, () => new Date());
    const state = await brokerProbe(sender)();
    expect(state).toMatchObject(
      queue === "job-runs" ? { state: "connected" } : { state: "unreachable", trouble: "MessagingEntityNotFound" },
    );
    await sender.close();
  }
});

it("is probed once for all callers within ten seconds, and again after that", async () => {
  let asked = 0;
  let time = 0;
  const sender = { check: async () => void (asked += 1) };
  const probe = brokerProbe(sender, () => time);
  await Promise.all([probe(), probe(), probe()]);
  time = 9_999;
  await probe();
  expect(asked).toBe(1);
  time = 10_001;
  await probe();
  expect(asked).toBe(2);
});
