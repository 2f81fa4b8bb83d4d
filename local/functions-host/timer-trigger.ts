import type { TimerFunction } from "./function-definition.ts";
import type { TimerClock } from "./timer-clock.ts";
import { afterRun, beforeWait, planStart, type TimerReason } from "./timer-plan.ts";
import { formatStatus, type TimerStatus, type TimerStatusStore } from "./timer-status.ts";
import type { InvocationRequest } from "./worker-contract.ts";

/** A running timer trigger. Its invocations never overlap in this process. */
export interface RunningTimer {
  /**
   * Invokes the function now, or after the current invocation; the schedule does not change. Rejects when it throws.
   */
  invokeNow(): Promise<void>;
  /** Starts no more invocations. Resolves when the current invocation has ended and its status is stored. */
  stop(): Promise<void>;
}

export interface TimerParts {
  clock: TimerClock;
  statuses: TimerStatusStore;
  invoke: (fn: TimerFunction, request: InvocationRequest) => Promise<unknown>;
  /** Receives errors outside of the function, such as a status file that cannot be written. */
  onError: (fn: TimerFunction, error: unknown) => void;
}

/** Starts a timer: reads its status, fires immediately after a missed occurrence, and waits for the next one. */
export async function startTimer(
  fn: TimerFunction,
  { clock, statuses, invoke, onError }: TimerParts,
): Promise<RunningTimer> {
  const recorded = fn.useMonitor ? await statuses.read(fn.name) : undefined;
  const start = planStart(fn.schedule, recorded, clock.now());
  let status = start.status;
  let waiting: Disposable | undefined;
  let stopped = false;
  let lastRun: Promise<unknown> = Promise.resolve();
  // Stored before the first run, so that a restart detects a missed first occurrence.
  if (status !== recorded) await remember();

  if (start.missed) wakeAt(clock.now(), "pastDue");
  else if (fn.runOnStartup) wakeAt(clock.now(), "startup");
  else waitForNext();

  function wakeAt(at: Date, occasion: TimerReason): void {
    if (stopped) return;
    waiting = clock.setTimer(at, (cause) => {
      waiting = undefined;
      void serially(() => (cause === "set back" ? replan() : tick(occasion)));
    });
  }

  function waitForNext(): void {
    wakeAt(status.next, "scheduled");
  }

  async function replan(): Promise<void> {
    const planned = beforeWait(fn.schedule, status, clock.now());
    if (planned !== status) {
      status = planned;
      await remember();
    }
    waitForNext();
  }

  async function tick(occasion: TimerReason): Promise<void> {
    if (stopped) return;
    const began = clock.now();
    // An error of the function is logged already, and must not stop the schedule.
    await invoke(fn, timerRequest(fn, status, occasion)).catch(() => undefined);
    status = beforeWait(fn.schedule, afterRun(fn.schedule, status, { occasion, began }), clock.now());
    await remember();
    waitForNext();
  }

  async function remember(): Promise<void> {
    if (!fn.useMonitor) return;
    await statuses.write(fn.name, status).catch((error: unknown) => {
      onError(fn, error);
    });
  }

  function serially<T>(run: () => Promise<T>): Promise<T> {
    const result = lastRun.then(run);
    lastRun = result.catch(() => undefined);
    return result;
  }

  return {
    async invokeNow() {
      await serially(() => invoke(fn, timerRequest(fn, status, "scheduled")));
    },
    async stop() {
      stopped = true;
      waiting?.[Symbol.dispose]();
      await lastRun;
    },
  };
}

function timerRequest(fn: TimerFunction, status: TimerStatus, occasion: TimerReason): InvocationRequest {
  const scheduleStatus: unknown = fn.useMonitor ? JSON.parse(formatStatus(status)) : null;
  const timer = { Schedule: { AdjustForDST: true }, ScheduleStatus: scheduleStatus, IsPastDue: occasion === "pastDue" };
  return { inputData: [{ name: fn.bindingName, data: { json: JSON.stringify(timer) } }], triggerMetadata: {} };
}
