/** A process with a watchdog; each line of its stdin is one piece of work. Its log goes to stdout. */
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Attempt, attempts } from "#runner/attempt-channel.ts";
import { startEventLoopWatchdog } from "#telemetry/event-loop/event-loop-watchdog.ts";
import { jsonLines, Log } from "#telemetry/log.ts";

const log = new Log(jsonLines((line) => process.stdout.write(line)));
const limitMs = Number(process.argv[2]);
const watchdog = startEventLoopWatchdog({ limitMs, log, isJson: true });
const works: Record<string, (argument: string) => Promise<unknown>> = {
  block: (file) => attempt("hostile_job", () => blockUntil(file)),
  wait: (ms) => attempt("patient_job", () => sleep(Number(ms))),
  request: (file) => watchdog.during("GET api/samples", "an-invocation", () => blockUntil(file)),
};

const lines = createInterface(process.stdin);
lines.on("line", (line) => {
  const [work = "", argument = ""] = line.split(" ");
  void works[work]!(argument).then(() => {
    log.info("done", { ...watchdog.state });
  });
});
log.info("ready");

function attempt(jobId: string, work: () => Promise<unknown>): Promise<unknown> {
  const runs = [{ id: `run-of-${jobId}` }] as unknown as Attempt["runs"];
  return attempts.tracePromise(work, { jobId, runs });
}

async function blockUntil(file: string): Promise<void> {
  while (!existsSync(file)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}
