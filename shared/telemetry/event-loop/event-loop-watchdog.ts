import { Worker } from "node:worker_threads";
import type { JobLog } from "#jobs/job-log.ts";
import { type Attempt, attempts } from "#runner/attempt-channel.ts";
import { eventLoopBlocks } from "../diagnostics-channels.ts";
import { subscribe } from "../subscribe.ts";
import { ActiveWork, LAYOUT, readSlots } from "./active-work.ts";
import { watchBeats, type Watching } from "./watch-beats.ts";

/** One turn of the event loop that took longer than the limit. */
export interface EventLoopBlock {
  readonly blockedMs: number;
}

/** What the watchdog has seen in this process. */
export interface EventLoopState {
  readonly limitMs: number;
  /** Turns that took longer than the limit. */
  readonly blocks: number;
  /** The longest of them; 0 without any. */
  readonly longestMs: number;
}

export interface EventLoopWatchdog {
  readonly state: EventLoopState;
  /** Names a request in the lines about turns that take too long. */
  during<T>(name: string, id: string, work: () => Promise<T>): Promise<T>;
  stop(): void;
}

const REPEAT_MS = 60_000;
const MEBIBYTES = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/**
 * Logs turns of the event loop that take longer than `limitMs`, with the runs and requests in progress: a thread writes
 * a line while the loop is blocked, so that an endless one is named too, and the log gets its duration afterwards. Time
 * in which the whole process did not run is no such turn; the log says so.
 */
export function startEventLoopWatchdog({
  limitMs,
  log,
  isJson,
}: {
  limitMs: number;
  log: JobLog;
  /** Whether the thread's lines on stderr are JSON; otherwise they are text. */
  isJson: boolean;
}): EventLoopWatchdog {
  const work = new ActiveWork();
  const periodMs = Math.min(Math.max(limitMs / 10, 5), 1_000);
  const watching: Watching = {
    shared: work.shared,
    layout: LAYOUT,
    limitMs,
    periodMs,
    repeatMs: REPEAT_MS,
    isJson,
  };
  // As text: a bundle has no file of its own for the thread.
  const code = `(${watchBeats.toString()})(require("node:worker_threads").workerData, ${readSlots.toString()})`;
  const worker = new Worker(code, { eval: true, workerData: watching, resourceLimits: MEBIBYTES, name: "event loop" });
  worker.on("error", (error) => {
    clearInterval(timer);
    log.error("The watchdog of the event loop ended", { error });
  });
  worker.unref();
  const state = { limitMs, blocks: 0, longestMs: 0 };
  const timer = watchTurns(work, periodMs, ({ blockedMs, suspendedMs }) => {
    if (suspendedMs > limitMs)
      log.warn("The process did not run: it was suspended, or the machine was overloaded", { suspendedMs });
    if (blockedMs <= limitMs) return;
    state.blocks += 1;
    state.longestMs = Math.max(state.longestMs, blockedMs);
    log.warn("A turn of the event loop took too long: no other work of this process continued", {
      ...namesOf(work.ofThisTurn()),
      blockedMs,
      limitMs,
      blocks: state.blocks,
    });
    if (eventLoopBlocks.hasSubscribers) eventLoopBlocks.publish({ blockedMs } satisfies EventLoopBlock);
  });
  const endAttempts = watchAttempts(work);

  return {
    state,
    async during(name, id, act) {
      const slot = work.begin({ name, id, count: 0 });
      try {
        return await act();
      } finally {
        work.end(slot);
      }
    },
    stop() {
      clearInterval(timer);
      endAttempts();
      void worker.terminate();
    },
  };
}

/** Calls back after each turn that was late. Does not keep the process alive. */
function watchTurns(
  work: ActiveWork,
  periodMs: number,
  onLate: (turn: { blockedMs: number; suspendedMs: number }) => void,
): NodeJS.Timeout {
  let at = performance.now();
  let awakeMs = 0;
  return setInterval(() => {
    const [now, awake] = [performance.now(), work.awakeMs];
    const lateMs = now - at - periodMs;
    // The thread runs while this one is blocked, but not while the process is suspended.
    const blockedMs = Math.round(Math.min(lateMs, awake - awakeMs));
    if (lateMs > periodMs) onLate({ blockedMs, suspendedMs: Math.round(lateMs - blockedMs) });
    [at, awakeMs] = [now, awake];
    work.beat();
  }, periodMs).unref();
}

/** Lists the attempts of runs. @returns what ends this */
function watchAttempts(work: ActiveWork): () => void {
  const slots = new Map<Attempt, number>();
  const ends = [
    subscribe(attempts.start, (message) => {
      const attempt = message as Attempt;
      const { jobId: name, runs } = attempt;
      slots.set(attempt, work.begin({ name, id: runs[0]!.id, count: runs.length }));
    }),
    subscribe(attempts.asyncEnd, (message) => {
      const slot = slots.get(message as Attempt);
      if (slot !== undefined && slots.delete(message as Attempt)) work.end(slot);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** A single run is named by the fields that all lines of a run have. */
function namesOf({ work, more }: ReturnType<ActiveWork["ofThisTurn"]>): Record<string, unknown> {
  const [only] = work;
  if (only && work.length === 1 && more === 0 && only.count === 1) return { job: only.name, run: only.id };
  return { active: work, ...(more > 0 && { more }) };
}
