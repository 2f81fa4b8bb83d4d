import { expect, it } from "vitest";
import { ClockGuard } from "#runner/clock-guard.ts";
import { Log, type LogEntry } from "#telemetry/log.ts";

function guarded(aheadMs: number | null) {
  const entries: LogEntry[] = [];
  const alerts: string[] = [];
  const clock = { now: () => new Date(machine.now), aheadMs, sync: async () => undefined };
  const machine = { now: Date.UTC(2026, 2, 10, 12), alertFails: false };
  const guard = new ClockGuard(clock, {
    log: new Log((entry) => entries.push(entry)),
    alert: async (fault) => {
      alerts.push(fault);
      if (machine.alertFails) throw new Error("no database");
    },
  });
  return { guard, clock, machine, alerts, messages: () => entries.map(({ message }) => message) };
}

it.each([0, 30_000, -30_000, 29_000])("a clock that is %d ms ahead starts slots", async (aheadMs) => {
  const { guard, messages } = guarded(aheadMs);
  expect(await guard.admitsTick()).toBe(true);
  expect(guard.state).toEqual({ state: "right", aheadMs, refusedTicks: 0 });
  expect(messages()).toEqual([]);
});

it.each([
  { aheadMs: 7_200_000, fault: "The clock of this process is 2 h ahead of the database's clock" },
  { aheadMs: -31_000, fault: "The clock of this process is 31 s behind the database's clock" },
])("$fault: it starts no slots, alerts once and logs once", async ({ aheadMs, fault }) => {
  const { guard, messages, alerts } = guarded(aheadMs);
  for (let n = 0; n < 3; n++) expect(await guard.admitsTick()).toBe(false);
  expect(guard.state).toEqual({ state: "wrong", aheadMs, refusedTicks: 3 });
  expect(messages()).toEqual([`${fault}; its timers start no slots until it is right`]);
  expect(alerts).toEqual([fault]);
});

it("a clock that stays wrong is counted in the log every ten minutes", async () => {
  const { guard, machine, messages, alerts } = guarded(7_200_000);
  for (let minute = 0; minute < 25; minute++) {
    await guard.admitsTick();
    machine.now += 60_000;
  }
  expect(messages()).toHaveLength(3);
  expect(alerts).toHaveLength(3);
});

it("a clock that is right again starts slots by itself, and the log has the count", async () => {
  const { guard, clock, messages } = guarded(7_200_000);
  await guard.admitsTick();
  clock.aheadMs = 3;
  expect(await guard.admitsTick()).toBe(true);
  expect(guard.state).toEqual({ state: "right", aheadMs: 3, refusedTicks: 0 });
  expect(messages().at(-1)).toBe("The clock of this process is right again; its timers start slots");
});

it("an alert that fails changes nothing but the log", async () => {
  const { guard, machine, messages } = guarded(7_200_000);
  machine.alertFails = true;
  expect(await guard.admitsTick()).toBe(false);
  await new Promise(setImmediate);
  expect(messages()).toContain("Alerting about the wrong clock failed");
});

it("a clock that was never measured is unknown", () => {
  expect(guarded(null).guard.state).toEqual({ state: "unknown", aheadMs: null, refusedTicks: 0 });
});
