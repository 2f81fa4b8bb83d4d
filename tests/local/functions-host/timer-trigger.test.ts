import { describe, expect, it } from "vitest";
import type { TimerFunction } from "#local/functions-host/function-definition.ts";
import type { TimerStatus, TimerStatusStore } from "#local/functions-host/timer-status.ts";
import { startTimer } from "#local/functions-host/timer-trigger.ts";
import { isSubMinute, parseNcrontab } from "#local/functions-host/utc-ncrontab.ts";
import { manualClock } from "./manual-clock.ts";

interface Call {
  isPastDue: boolean;
  next: string | undefined;
  end: (outcome?: Error) => void;
}

/** A timer whose invocations end when the test ends them. */
async function timerAt(now: string, options: { schedule?: string; status?: TimerStatus; runOnStartup?: boolean } = {}) {
  const clock = manualClock(now);
  const schedule = parseNcrontab(options.schedule ?? "0 * * * * *");
  const fn = {
    name: "t",
    bindingName: "b",
    schedule,
    useMonitor: !isSubMinute(schedule),
    runOnStartup: options.runOnStartup ?? false,
  };
  let status = options.status;
  const calls: Call[] = [];
  const saved: string[] = [];
  const waiters: (() => void)[] = [];
  const wake = () => {
    for (const waiter of waiters.splice(0)) waiter();
  };
  const statuses: TimerStatusStore = {
    read: async () => status,
    write: async (_, written) => {
      status = written;
      saved.push(written.next.toISOString());
      wake();
    },
  };
  const timer = await startTimer(fn as TimerFunction, {
    clock,
    statuses,
    onError: (_, error) => {
      throw error;
    },
    invoke: (_, request) =>
      new Promise((resolve, reject) => {
        const value = JSON.parse(request.inputData[0]?.data.json ?? "") as {
          IsPastDue: boolean;
          ScheduleStatus: { Next: string } | null;
        };
        const end = (outcome?: Error) => {
          if (outcome) reject(outcome);
          else resolve({});
        };
        calls.push({ isPastDue: value.IsPastDue, next: value.ScheduleStatus?.Next, end });
        wake();
      }),
  });
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise<void>((resolve) => waiters.push(resolve));
  };
  return {
    clock,
    timer,
    calls,
    saved,
    /** The invocation with this index, once it has begun. */
    call: async (index: number) => {
      await until(() => calls.length > index);
      return calls[index] as Call;
    },
    savedTimes: (count: number) => until(() => saved.length >= count),
    moveTo: (time: string) => {
      clock.moveTo(new Date(time));
    },
    turn: () => new Promise((resolve) => setTimeout(resolve, 5)),
  };
}

const ranAt = (last: string, next: string): TimerStatus => ({
  last: new Date(last),
  next: new Date(next),
  lastUpdated: new Date(last),
});

describe("A timer", () => {
  it("stores its first occurrence immediately, fires then, and waits for the next one", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    expect(t.saved).toEqual(["2026-01-01T00:01:00.000Z"]);
    t.moveTo("2026-01-01T00:01:00Z");
    const call = await t.call(0);
    expect(call).toMatchObject({ isPastDue: false, next: "2026-01-01T00:01:00.000Z" });
    expect(t.saved).toHaveLength(1);
    call.end();
    await t.savedTimes(2);
    expect(t.saved.at(-1)).toBe("2026-01-01T00:02:00.000Z");
    await t.turn();
    expect(t.clock.waits()).toEqual(["2026-01-01T00:02:00.000Z"]);
  });

  it("fires once, past due, for all missed occurrences", async () => {
    const t = await timerAt("2026-01-01T00:10:30Z", { status: ranAt("2026-01-01T00:05:00Z", "2026-01-01T00:06:00Z") });
    const call = await t.call(0);
    expect(call).toMatchObject({ isPastDue: true, next: "2026-01-01T00:06:00.000Z" });
    expect(t.saved).toEqual([]);
    call.end();
    await t.savedTimes(1);
    expect(t.saved).toEqual(["2026-01-01T00:11:00.000Z"]);
    expect(t.calls).toHaveLength(1);
  });

  it("has no missed occurrences after a change of its schedule", async () => {
    const t = await timerAt("2026-01-01T00:10:30Z", {
      schedule: "0 0 * * * *",
      status: ranAt("2026-01-01T00:05:00Z", "2026-01-01T00:06:00Z"),
    });
    expect(t.saved).toEqual(["2026-01-01T01:00:00.000Z"]);
    expect(t.clock.waits()).toEqual(["2026-01-01T01:00:00.000Z"]);
  });

  it("never overlaps: all occurrences during a run cause one invocation after it", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    t.moveTo("2026-01-01T00:01:00Z");
    const long = await t.call(0);
    t.moveTo("2026-01-01T00:04:30Z");
    await t.turn();
    expect(t.calls).toHaveLength(1);
    long.end();
    const next = await t.call(1);
    expect(next.isPastDue).toBe(false);
    next.end();
    await t.savedTimes(3);
    expect(t.saved.at(-1)).toBe("2026-01-01T00:05:00.000Z");
    expect(t.calls).toHaveLength(2);
  });

  it("keeps its schedule when its function throws", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    t.moveTo("2026-01-01T00:01:00Z");
    (await t.call(0)).end(new Error("no"));
    await t.savedTimes(2);
    t.moveTo("2026-01-01T00:02:00Z");
    expect(await t.call(1)).toMatchObject({ isPastDue: false });
  });

  it("stores no status and catches up nothing when it occurs more than once a minute", async () => {
    const t = await timerAt("2026-01-01T00:10:30Z", {
      schedule: "*/10 * * * * *",
      status: ranAt("2026-01-01T00:05:00Z", "2026-01-01T00:05:10Z"),
    });
    t.moveTo("2026-01-01T00:10:40Z");
    const call = await t.call(0);
    expect(call).toMatchObject({ isPastDue: false, next: undefined });
    expect(t.saved).toEqual([]);
  });

  it("fires at every start with runOnStartup", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z", { runOnStartup: true });
    const call = await t.call(0);
    expect(call.isPastDue).toBe(false);
    call.end();
    await t.savedTimes(2);
    await t.turn();
    expect(t.clock.waits()).toEqual(["2026-01-01T00:01:00.000Z"]);
  });

  it("does not fire twice for one occurrence when the clock is set back between waking and running", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    t.moveTo("2026-01-01T00:01:00Z");
    t.clock.moveTo(new Date("2026-01-01T00:00:59.900Z"));
    (await t.call(0)).end();
    await t.savedTimes(2);
    expect(t.saved.at(-1)).toBe("2026-01-01T00:02:00.000Z");
  });

  it("fires at the next occurrence of its clock after a jump of two hours and back", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    t.moveTo("2026-01-01T02:00:30Z");
    (await t.call(0)).end();
    await t.savedTimes(2);
    expect(t.saved.at(-1)).toBe("2026-01-01T02:01:00.000Z");
    await t.turn();
    t.moveTo("2026-01-01T00:00:40Z");
    await t.savedTimes(3);
    expect(t.saved.at(-1)).toBe("2026-01-01T00:01:00.000Z");
    await t.turn();
    t.moveTo("2026-01-01T00:01:00Z");
    expect(await t.call(1)).toMatchObject({ isPastDue: false, next: "2026-01-01T00:01:00.000Z" });
  });

  it("fires at the next occurrence of its clock when the clock is set back during a run", async () => {
    const t = await timerAt("2026-01-01T02:00:30Z");
    t.moveTo("2026-01-01T02:01:00Z");
    const call = await t.call(0);
    t.moveTo("2026-01-01T00:00:40Z");
    call.end();
    await t.savedTimes(2);
    expect(t.saved.at(-1)).toBe("2026-01-01T00:01:00.000Z");
  });

  it("fires at the next occurrence of its clock when its status is of a clock that was ahead", async () => {
    const t = await timerAt("2026-01-01T00:00:40Z", { status: ranAt("2026-01-01T02:00:00Z", "2026-01-01T02:01:00Z") });
    expect(t.saved).toEqual(["2026-01-01T00:01:00.000Z"]);
    expect(t.clock.waits()).toEqual(["2026-01-01T00:01:00.000Z"]);
  });

  it("repeats no occurrence when the clock is set back by less than 30 seconds", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    t.moveTo("2026-01-01T00:01:00Z");
    (await t.call(0)).end();
    await t.savedTimes(2);
    await t.turn();
    t.moveTo("2026-01-01T00:00:45Z");
    await t.turn();
    t.moveTo("2026-01-01T00:01:00Z");
    await t.turn();
    expect(t.calls).toHaveLength(1);
    expect(t.clock.waits()).toEqual(["2026-01-01T00:02:00.000Z"]);
  });

  it("can be invoked manually, after the current run, and keeps its schedule", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    t.moveTo("2026-01-01T00:01:00Z");
    const scheduled = await t.call(0);
    const byHand = t.timer.invokeNow();
    await t.turn();
    expect(t.calls).toHaveLength(1);
    scheduled.end();
    (await t.call(1)).end(new Error("by hand"));
    await expect(byHand).rejects.toThrow("by hand");
    expect(t.saved).toHaveLength(2);
  });

  it("has stopped when the status of its last run is stored", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    t.moveTo("2026-01-01T00:01:00Z");
    const call = await t.call(0);
    const stopped = t.timer.stop();
    call.end();
    await stopped;
    expect(t.saved.at(-1)).toBe("2026-01-01T00:02:00.000Z");
    expect(t.clock.waits()).toEqual([]);
  });

  it("starts no invocations after a stop", async () => {
    const t = await timerAt("2026-01-01T00:00:30Z");
    await t.timer.stop();
    t.moveTo("2026-01-01T00:05:00Z");
    await t.turn();
    expect([t.calls, t.clock.waits()]).toEqual([[], []]);
  });
});
