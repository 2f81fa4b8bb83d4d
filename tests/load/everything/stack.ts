import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { stackEnvironment } from "#support/stack-environment.ts";

const ROOT = join(import.meta.dirname, "../../..");
const REPORT_HEAP = pathToFileURL(join(import.meta.dirname, "report-heap.ts")).href;

/** A process of `npm start`, or one that joins it. */
export class StackProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#closed = once(child, "close");
    this.url = url;
  }

  /** Starts it and waits until its sample data is loaded. @throws when it ends, or takes two minutes */
  static async start(
    state: string,
    port: number,
    logFile: string,
    args: readonly string[] = [],
  ): Promise<StackProcess> {
    const child = spawn(
      process.execPath,
      [
        ...["--expose-gc", "--import", REPORT_HEAP, join(ROOT, "scripts/start-rota.ts")],
        ...["--port", String(port), "--state", state, ...args],
      ],
      {
        env: { ...stackEnvironment(), LOG_FORMAT: "json", LOG_LEVEL: "warn" },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      },
    );
    const log = createWriteStream(logFile, { flags: "a" });
    let output = "";
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        if (output.length < 1_000_000) output += chunk.toString();
        log.write(chunk);
      });
    }
    const stack = new StackProcess(child, `http://127.0.0.1:${port}`);
    const ready = args.includes("--join") ? "Ctrl-C stops it" : "a memo on the best deal";
    const end = Date.now() + 120_000;
    while (!output.includes(ready)) {
      if (stack.hasEnded) throw new Error(`the app ended before it was ready:\n${output}`);
      await sleep(50);
      if (Date.now() > end) throw new Error(`the app was not ready within 120 s:\n${output}`);
    }
    return stack;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The heap of the process after a garbage collection, in MiB; null when the process has ended. */
  async heapMiB(): Promise<number | null> {
    if (!this.#child.connected) return null;
    const answered = once(this.#child, "message") as Promise<[number]>;
    this.#child.send("heap");
    const answer = await Promise.race([answered, this.#closed.then(() => null)]);
    return answer && Math.round(answer[0] / 1024 / 1024);
  }

  async stop(): Promise<void> {
    if (!this.hasEnded) this.#child.kill("SIGTERM");
    await this.#closed;
  }
}
