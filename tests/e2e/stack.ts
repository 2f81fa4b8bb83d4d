import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../local/ports.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A real `npm start`, driven over HTTP and by signals. */
export interface RunningStack {
  readonly url: string;
  readonly output: () => string;
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  /** kill -9 of the app's process. */
  kill(): Promise<void>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
}

/** A folder for the state of one stack, below a git-ignored one. */
export async function stateDirectory(): Promise<string> {
  const parent = join(ROOT, ".rota/e2e");
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, "stack-"));
}

interface Options {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

/** A port that was free may be another test's by the time the stack takes it: then it is started on another. */
export async function startStack(state: string, options: Options = {}): Promise<RunningStack> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(state, options);
    } catch (error) {
      if (attempt === 3 || !/is in use|EADDRINUSE/.test(String(error))) throw error;
    }
  }
}

async function launch(state: string, { args = [], env = {} }: Options): Promise<RunningStack> {
  const port = await freePort();
  let output = "";
  const child = spawn(
    process.execPath,
    [join(ROOT, "local/start.ts"), "--port", String(port), "--state", state, ...args],
    { env: { ...withoutTestSettings(), ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = once(child, "exit") as Promise<[number | null]>;
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child, () => output);
  const key = (await readFile(join(state, "host-key"), "utf8")).trim();
  return {
    url,
    output: () => output,
    async call<T>(method: string, path: string, body?: unknown) {
      const response = await fetch(`${url}/${path}`, {
        method,
        headers: { "x-functions-key": key, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as T };
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop() {
      child.kill("SIGTERM");
      return (await exited)[0];
    },
  };
}

/** Asks until it is so. The caller's test timeout ends it otherwise. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, pauseMs = 50): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    await sleep(pauseMs);
  }
}

async function answering(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}:\n${output()}`);
    const ready = await fetch(`${url}/api/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    // The banner comes when the launcher has done its own first calls.
    if (ready && output().includes("Ctrl-C stops it")) return;
    await sleep(50);
  }
}

/** The stack brings its own database: what the test run was given must not reach it. */
function withoutTestSettings(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, ROTA_PORT: _port, ROTA_STATE: _state, NODE_ENV: _env, ...env } = process.env;
  return env;
}
