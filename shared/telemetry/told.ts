import { channel } from "node:diagnostics_channel";
import type { Watch } from "#jobs/run-observer.ts";
import type { LogSink } from "./log.ts";

/** Told of each `LogEntry` as it is written: redacted. */
export const logLines = channel("rota.log");
/** Told of lists of `MovedRun`, after the commit that moved them. */
export const runMoves = channel("rota.run-moves");

/** The same sink, with `logLines` told as well. */
export function toldLines(sink: LogSink): LogSink {
  return (entry) => {
    sink(entry);
    if (logLines.hasSubscribers) logLines.publish(entry);
  };
}

/** The same watch, with `runMoves` told as well. */
export function toldMoves(watch: Watch): Watch {
  return {
    ...watch,
    moved(runs) {
      watch.moved(runs);
      if (runMoves.hasSubscribers) runMoves.publish(runs);
    },
  };
}
