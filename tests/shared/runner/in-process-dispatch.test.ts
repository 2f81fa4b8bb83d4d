import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dispatchInProcess } from "#runner/in-process-dispatch.ts";
import { Log, type LogEntry } from "#telemetry/log.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-03-10T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

function start(execute: (id: string) => Promise<unknown> = async () => undefined) {
  const executed: { id: string; at: number }[] = [];
  const log: LogEntry[] = [];
  const begin = Date.now();
  const dispatcher = dispatchInProcess({
    clock: { now: () => new Date() },
    log: new Log((entry) => log.push(entry)),
    execute: async (_, take) => {
      const [id = ""] = take(1);
      executed.push({ id, at: Date.now() - begin });
      return execute(id);
    },
  });
  const send = (id: string, inMs: number) =>
    dispatcher.dispatch([{ id, jobId: "sample", at: new Date(Date.now() + inMs) }]);
  return { ...dispatcher, send, executed, log, ids: () => executed.map(({ id }) => id) };
}

it("executes a run at its time: at once when that is past, never earlier", async () => {
  const { send, executed } = start();
  await send("late", -5_000);
  await send("now", 0);
  await send("soon", 30_000);
  expect(executed, "not within the call").toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(executed.map(({ id }) => id)).toEqual(["late", "now", "soon"]);
  expect(executed[2]?.at).toBeGreaterThan(30_000);
  expect(executed[2]?.at).toBeLessThan(30_010);
});

it("leaves runs that are due in more than a minute to the sweep", async () => {
  const { send, ids } = start();
  await send("far", 60_001);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(ids()).toEqual([]);
});

it("executes a run once that is dispatched again while it waits, at the earlier time", async () => {
  const { send, executed } = start();
  await send("run", 30_000);
  await send("run", 10_000);
  await send("run", 10_000);
  await send("run", 50_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(executed).toHaveLength(1);
  expect(executed[0]?.at).toBeLessThan(10_010);
});

it("a run that requeues itself waits once, however often the sweep dispatches it", async () => {
  const dispatcher = start(async (id) => dispatcher.send(id, 1_000));
  await dispatcher.send("busy", 0);
  for (let minute = 0; minute < 5; minute++) await dispatcher.send("busy", 0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(dispatcher.executed.length).toBeLessThanOrEqual(11);
});

it("logs an execution that fails, and continues", async () => {
  const { send, log, ids } = start(async () => Promise.reject(new Error("no database")));
  await send("one", 0);
  await send("two", 0);
  await vi.advanceTimersByTimeAsync(10);
  expect(ids()).toEqual(["one", "two"]);
  expect(log).toMatchObject([
    { level: "error", fields: { job: "sample", runs: ["one"], error: { message: "no database" } } },
    { fields: { runs: ["two"] } },
  ]);
});

it("starts and accepts no run after stop", async () => {
  const { send, stop, ids } = start();
  await send("waiting", 10);
  stop();
  await send("later", 0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ids()).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

describe("A thousand due runs", () => {
  const started = (count: number, jobId = "sample") =>
    Array.from({ length: count }, (_, n) => ({ id: `${jobId}-${n}`, jobId, at: new Date() }));
  const log = new Log(() => undefined);
  const clock = { now: () => new Date() };

  it("are executed sixteen at once, each once", async () => {
    const executed: string[] = [];
    let [now, most] = [0, 0];
    const dispatcher = dispatchInProcess({
      clock,
      log,
      async execute(_, take) {
        const ids = take(1);
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setTimeout(resolve, 10));
        now -= 1;
        executed.push(...ids);
      },
    });
    await dispatcher.dispatch(started(1_000));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(most).toBe(16);
    expect(executed).toHaveLength(1_000);
    expect(new Set(executed).size).toBe(1_000);
  });

  it("of a job that takes batches are executed in batches", async () => {
    const batches: number[] = [];
    const dispatcher = dispatchInProcess({
      clock,
      log,
      async execute(_, take) {
        batches.push(take(100).length);
        await new Promise((resolve) => setTimeout(resolve, 10));
      },
    });
    await dispatcher.dispatch(started(1_000));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(batches.reduce((sum, size) => sum + size, 0)).toBe(1_000);
    expect(batches.length, "mostly full batches").toBeLessThan(40);
  });

  it("of one job leave other jobs their turns", async () => {
    const order: string[] = [];
    const dispatcher = dispatchInProcess({
      clock,
      log,
      async execute(jobId, take) {
        take(1);
        order.push(jobId);
        await new Promise((resolve) => setTimeout(resolve, 10));
      },
    });
    await dispatcher.dispatch(started(1_000, "many"));
    await dispatcher.dispatch(started(1, "one"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order.indexOf("one")).toBeLessThan(100);
    dispatcher.stop();
  });
});
