import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PROCESS = join(import.meta.dirname, "app-host-process.ts");

export interface AppProcessOptions {
  /** The directory of the built app. */
  readonly directory: string;
  /** The directory of the timer status, which several processes share. */
  readonly hostState: string;
  readonly port: number;
  readonly key: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Modules that Node loads before it. Default: none. */
  readonly imports?: readonly string[] | undefined;
  /** Its output is appended to this file. */
  readonly logFile: string;
}

/** One process of the app under load, with methods for its signals. */
export class AppProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #key: string;
  #logTail = "";
  #logLines = 0;

  constructor({ directory, hostState, port, key, settings, imports = [], logFile }: AppProcessOptions) {
    this.url = `http://127.0.0.1:${port}`;
    this.#key = key;
    const { DATABASE_URL: _url, NODE_ENV: _env, ...env } = process.env;
    this.#child = spawn(
      process.execPath,
      [...imports.flatMap((url) => ["--import", url]), PROCESS, directory, hostState, String(port), key],
      {
        env: { ...env, ...settings, ROTA_OPERATOR_KEY: key },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#gone = once(this.#child, "exit");
    const file = createWriteStream(logFile, { flags: "a" });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#logTail = (this.#logTail + text).slice(-1_000_000);
        this.#logLines += text.split("\n").length - 1;
        file.write(text);
      });
    }
    this.#child.once("close", () => file.end());
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The end of its log. */
  get logTail(): string {
    return this.#logTail;
  }

  /** The number of lines in its log. */
  get logLines(): number {
    return this.#logLines;
  }

  /** Resolves when it answers. @throws when it ends instead */
  async started(): Promise<this> {
    for (;;) {
      if (this.#child.exitCode !== null)
        throw new Error(`the app ended with ${this.#child.exitCode}:\n${this.#logTail}`);
      // Even a 404 shows that the host listens and the app is registered.
      const answer = await this.call("GET", "api/nothing").catch(() => undefined);
      if (answer) return this;
      await sleep(25);
    }
  }

  /** Sends an HTTP request with the operator's key. @throws without an answer in time */
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

  /** Requests a run. @returns its id */
  async run(job: string, input: unknown = {}): Promise<string> {
    const { status, body } = await this.call<{ id: string }>("POST", `api/admin/jobs/${job}/run`, input);
    if (status !== 202) throw new Error(`${job}: expected 202, got ${status}: ${JSON.stringify(body)}`);
    return body.id;
  }

  /** Does the work of `rescue_stuck_runs` in this process. Ignores a missing answer: the next call may succeed. */
  async rescue(): Promise<void> {
    await this.call("POST", "api/load/rescue").catch(() => undefined);
  }

  /** The number of log lines with this message. */
  countLogLines(message: string): number {
    return this.#logTail.split(`"message":"${message}`).length - 1;
  }

  /** Sends SIGKILL. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  /** Suspends the process, as a closed laptop or a hypervisor does. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Sends SIGTERM. @returns the exit code */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    await this.#gone;
    return this.#child.exitCode;
  }
}
