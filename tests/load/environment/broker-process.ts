import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ShiftedClock } from "../clocks/process-clock.ts";

const MAIN = join(import.meta.dirname, "../../../packages/service-bus-emulator/src/bin.ts");

/** The Service Bus emulator in its own process, always on the same port. */
export class BrokerProcess {
  readonly connectionString: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  readonly #clock: ShiftedClock | undefined;
  #child: ChildProcess | undefined;

  /** @param clock default: the real one */
  constructor(directory: string, port: number, queues: readonly string[], clock?: ShiftedClock) {
    this.#clock = clock;
    this.#directory = directory;
    this.connectionString = `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true`;
    this.#args = [
      ...["--port", String(port), "--data", directory, "--locks", "release"],
      ...queues.flatMap((queue) => ["--queue", queue]),
    ];
  }

  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const child = spawn(process.execPath, [...(this.#clock?.args ?? []), MAIN, ...this.#args], {
      env: { ...process.env, ...this.#clock?.settings },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = once(child, "exit").then(() => {
      throw new Error("the broker did not start");
    });
    await Promise.race([once(child.stdout, "data"), ended]);
    ended.catch(() => undefined);
    this.#child = child;
  }

  async kill(): Promise<void> {
    if (!this.#child) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
    this.#child = undefined;
  }
}
