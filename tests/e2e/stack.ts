import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { freePort } from "#local/ports.ts";
import { discardPostgres } from "#local/postgres/start.ts";
import { DEMO_DATA } from "#local/stack/demo-data/load.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A real `npm start`, driven over HTTP and by signals. */
export interface RunningStack {
  readonly url: string;
  readonly databaseUrl: string;
  readonly output: () => string;
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  /** kill -9 of the app's process. */
  kill(): Promise<void>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
}

/**
 * A folder for the state of one stack, below a git-ignored one; call it at the top of a test file, after which it is deleted. The stack
 * asks for no sample data, as if a start before had brought it in: of the demo's runs that leaves one, of sync_fx_latest.
 */
export async function stateDirectory(): Promise<string> {
  const state = await firstStartDirectory();
  const loaded = { begunAt: new Date(0).toISOString(), done: true };
  const families = Object.fromEntries(DEMO_DATA.map(({ family }) => [family, loaded]));
  await writeFile(join(state, "demo-data.json"), JSON.stringify(families));
  return state;
}

/** The same for a stack that shows what a first start does. Its sample data comes in while the test goes on. */
export async function firstStartDirectory(): Promise<string> {
  const parent = join(ROOT, ".rota/e2e");
  await mkdir(parent, { recursive: true });
  const state = await mkdtemp(join(parent, "stack-"));
  afterAll(async () => {
    await discardPostgres(join(state, "postgres")).catch(() => undefined);
    await rm(state, { recursive: true, force: true });
  });
  return state;
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
  // Not its exit: what it wrote last comes after that.
  const closed = once(child, "close") as Promise<[number | null]>;
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child, () => output);
  const key = (await readFile(join(state, "host-key"), "utf8")).trim();
  const { databaseUrl } = JSON.parse(await readFile(join(state, "app.json"), "utf8")) as { databaseUrl: string };
  return {
    url,
    databaseUrl,
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
      await closed;
    },
    async stop() {
      child.kill("SIGTERM");
      return (await closed)[0];
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
