import { channel } from "node:diagnostics_channel";
import type { RunObserver } from "#jobs/run-observer.ts";
import type { LogSink } from "./log.ts";

/** Publishes each `LogEntry` when it is written: redacted. */
export const logEntries = channel("rota.log");
/** Publishes lists of `RunStateChange`, after the commit of the changes. */
export const runStateChanges = channel("rota.run-state-changes");

/** Publishes an `EventLoopBlock` after each turn of the event loop that took longer than the limit. */
export const eventLoopBlocks = channel("rota.event-loop-block");

/** The same sink, which also publishes on `logEntries`. */
export function withLogChannel(sink: LogSink): LogSink {
  return (entry) => {
    sink(entry);
    if (logEntries.hasSubscribers) logEntries.publish(entry);
  };
}

/** The same observer, which also publishes on `runStateChanges`. */
export function withRunStateChannel(observer: RunObserver): RunObserver {
  return {
    ...observer,
    stateChanged(runs) {
      observer.stateChanged(runs);
      if (runStateChanges.hasSubscribers) runStateChanges.publish(runs);
    },
  };
}
