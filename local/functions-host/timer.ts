import type { Clock } from "./clock.ts";
import type { TimerFunction } from "./function-definition.ts";
import { afterRun, type Occasion, planStart } from "./timer-plan.ts";
import { formatStatus, type TimerStatus, type TimerStatusStore } from "./timer-status.ts";
import type { InvocationRequest } from "./worker-contract.ts";

/** One timer trigger at work. Its runs never overlap in this process. */
export interface RunningTimer {
  /** Calls the function now, after a run that may be going on, and leaves the schedule as it is. Rejects as it throws. */
  invokeNow(): Promise<void>;
  /** No further call starts. Resolves when a run that is going on has ended and is remembered. */
  stop(): Promise<void>;
}

export interface TimerParts {
  clock: Clock;
  statuses: TimerStatusStore;
  invoke: (fn: TimerFunction, request: InvocationRequest) => Promise<unknown>;
  /** Told of faults outside the function, such as a status file that cannot be written. */
  onFault: (fn: TimerFunction, error: unknown) => void;
}

/** Starts a timer: reads what is remembered of it, runs it at once if an occurrence was missed, and waits for the next. */
export async function startTimer(
  fn: TimerFunction,
  { clock, statuses, invoke, onFault }: TimerParts,
): Promise<RunningTimer> {
  const recorded = fn.useMonitor ? await statuses.read(fn.name) : undefined;
  const start = planStart(fn.schedule, recorded, clock.now());
  let status = start.status;
  let waiting: Disposable | undefined;
  let stopped = false;
  let lastRun: Promise<unknown> = Promise.resolve();
  // Written before the first run, so that the first occurrence is not missed if this process dies before it.
  if (status !== recorded) await remember();

  if (start.missed) wakeAt(clock.now(), "pastDue");
  else if (fn.runOnStartup) wakeAt(clock.now(), "startup");
  else wakeAt(status.next, "scheduled");

  function wakeAt(at: Date, occasion: Occasion): void {
    if (stopped) return;
    waiting = clock.setTimer(at, () => {
      waiting = undefined;
      void serially(() => tick(occasion));
    });
  }

  async function tick(occasion: Occasion): Promise<void> {
    if (stopped) return;
    const began = clock.now();
    // What a function throws is in the log already, and must not stop its schedule.
    await invoke(fn, timerRequest(fn, status, occasion)).catch(() => undefined);
    status = afterRun(fn.schedule, status, { occasion, began });
    await remember();
    wakeAt(status.next, "scheduled");
  }

  async function remember(): Promise<void> {
    if (!fn.useMonitor) return;
    await statuses.write(fn.name, status).catch((error: unknown) => {
      onFault(fn, error);
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

function timerRequest(fn: TimerFunction, status: TimerStatus, occasion: Occasion): InvocationRequest {
  const scheduleStatus: unknown = fn.useMonitor ? JSON.parse(formatStatus(status)) : null;
  const timer = { Schedule: { AdjustForDST: true }, ScheduleStatus: scheduleStatus, IsPastDue: occasion === "pastDue" };
  return { inputData: [{ name: fn.bindingName, data: { json: JSON.stringify(timer) } }], triggerMetadata: {} };
}
