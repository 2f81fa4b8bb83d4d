import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PROCESS = join(import.meta.dirname, "app-process.ts");

export interface AppPlace {
  /** Where the built app is. */
  readonly directory: string;
  /** Where the host keeps the status of its timers; several processes share it. */
  readonly hostState: string;
  readonly port: number;
  readonly key: string;
  readonly settings: Readonly<Record<string, string>>;
  /** What it says is appended here. */
  readonly logFile: string;
}

/** One process of the app under load, with the signals that befall it. */
export class AppProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #key: string;
  #said = "";

  constructor({ directory, hostState, port, key, settings, logFile }: AppPlace) {
    this.url = `http://127.0.0.1:${port}`;
    this.#key = key;
    const { DATABASE_URL: _url, NODE_ENV: _env, ...env } = process.env;
    this.#child = spawn(process.execPath, [PROCESS, directory, hostState, String(port), key], {
      env: { ...env, ...settings, ROTA_OPERATOR_KEY: key },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#gone = once(this.#child, "exit");
    const file = createWriteStream(logFile, { flags: "a" });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#said = (this.#said + text).slice(-1_000_000);
        file.write(text);
      });
    }
    this.#child.once("close", () => file.end());
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The end of what it has written to its log. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it answers. @throws when it ended instead */
  async started(): Promise<this> {
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`the app ended with ${this.#child.exitCode}:\n${this.#said}`);
      // Unknown, but answered: the app's host listens and the app is registered.
      const answer = await this.call("GET", "api/nothing").catch(() => undefined);
      if (answer) return this;
      await sleep(25);
    }
  }

  /** Asks over HTTP, with the operator's key. @throws when there is no answer in time */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    withinMs = 30_000,
  ): Promise<{ status: number; body: T }> {
    const response = await fetch(`${this.url}/${path}`, {
      method,
      headers: { "x-functions-key": this.#key, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(withinMs),
    });
    const text = await response.text();
    return { status: response.status, body: (text.startsWith("{") ? JSON.parse(text) : {}) as T };
  }

  /** Asks for a run. @returns its id */
  async run(job: string, input: unknown = {}): Promise<string> {
    const { status, body } = await this.call<{ id: string }>("POST", `api/admin/jobs/${job}/run`, input);
    if (status !== 202) throw new Error(`${job}: expected 202, got ${status}: ${JSON.stringify(body)}`);
    return body.id;
  }

  /** Does in this process what `rescue_stuck_runs` does each minute. One that does not answer is no fault: the next try may. */
  async rescue(): Promise<void> {
    await this.call("POST", "api/load/rescue").catch(() => undefined);
  }

  /** How many lines of its log have this message. */
  saidOf(message: string): number {
    return this.#said.split(`"message":"${message}`).length - 1;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  /** Stops the clock of the process, as a laptop's lid or a hypervisor does. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** SIGTERM. @returns the exit code */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    await this.#gone;
    return this.#child.exitCode;
  }
}
