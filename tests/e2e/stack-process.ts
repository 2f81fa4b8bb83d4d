import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { freePort } from "#local/ports.ts";
import { discardPostgres } from "#local/postgres/start-postgres.ts";
import { DEMO_DATA } from "#local/stack/demo-data/load-demo-data.ts";
import { stackEnvironment } from "#support/stack-environment.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A real `npm start`, controlled over HTTP and by signals. */
export interface RunningStack {
  readonly url: string;
  readonly databaseUrl: string;
  readonly output: () => string;
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  /** Sends SIGKILL to the app's process. */
  kill(): Promise<void>;
  /** Sends SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/**
 * A state directory for one stack, deleted after the test file; call it at the top of the file. Its sample data counts
 * as loaded, so that the start runs only sync_fx_latest.
 */
export async function stateDirectory(): Promise<string> {
  const state = await firstStartDirectory();
  const loaded = { begunAt: new Date(0).toISOString(), done: true };
  const families = Object.fromEntries(DEMO_DATA.map(({ family }) => [family, loaded]));
  await writeFile(join(state, "demo-data.json"), JSON.stringify(families));
  return state;
}

/** The same for a stack with sample data, which it loads during the test. */
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

/** Another test may take the free port before the stack listens on it: then the stack starts on another port. */
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
    [join(ROOT, "scripts/start-rota.ts"), "--port", String(port), "--state", state, ...args],
    { env: { ...stackEnvironment(), ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  // Not `exit`: the last output arrives after it.
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

/** Polls until the condition holds. The timeout of the test limits it. */
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
    // The banner appears after the first requests of the start.
    if (ready && output().includes("Ctrl-C stops it")) return;
    await sleep(50);
  }
}
