import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HostedFunction } from "#local/functions-host/functions-host.ts";
import type { LogEntry } from "#local/functions-host/host-log.ts";
import { atEndOfFile } from "#support/end-of-file.ts";

export const HOST_KEY = "local-key";
/** Inside the project, so that the apps find its node_modules. */
const APPS = join(import.meta.dirname, "../../../.rota/test-apps");

export interface HostOrder {
  appDirectory: string;
  stateDirectory: string;
  port: number;
  hostKey: string;
  settings: Record<string, string>;
  /** The start time of a manual clock. */
  now?: string;
}

export type Command = { id: number } & (
  { do: "moveTo"; time: string } | { do: "invokeTimer"; name: string } | { do: "stop"; graceMs: number }
);

type Line = Omit<LogEntry, "at"> & { at: string };

export type Report =
  | { kind: "started"; address: string; functions: HostedFunction[] }
  | { kind: "failed"; name: string; message: string; reasons: string[] }
  | { kind: "log"; entry: Line }
  | { kind: "done"; id: number; error?: string };

/** Files by name; the default entry is `main.js`. */
export type AppFiles = Record<string, string>;

export interface TestApp {
  directory: string;
  stateDirectory: string;
  /** Overwrites one of its files. */
  write(name: string, text: string): Promise<void>;
  timerStatus(timer: string): Promise<{ Last: string; Next: string; LastUpdated: string }>;
}

/** Writes an app. A string is the content of its main.js. */
export async function writeApp(files: AppFiles | string): Promise<TestApp> {
  await mkdir(APPS, { recursive: true });
  const directory = await mkdtemp(join(APPS, "app-"));
  atEndOfFile(() => rm(directory, { recursive: true, force: true }));
  const all: AppFiles = {
    "package.json": JSON.stringify({ type: "module", main: "main.js" }),
    "host.json": JSON.stringify({ version: "2.0" }),
    ...(typeof files === "string" ? { "main.js": files } : files),
  };
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  };
  for (const [name, text] of Object.entries(all)) await write(name, text);
  const stateDirectory = join(directory, "state");
  return {
    directory,
    stateDirectory,
    write,
    timerStatus: async (timer) =>
      JSON.parse(await readFile(join(stateDirectory, "timers", `${timer}.json`), "utf8")) as Awaited<
        ReturnType<TestApp["timerStatus"]>
      >,
  };
}

export interface TestHost {
  address: string;
  functions: HostedFunction[];
  lines: Line[];
  /** The first line with this text that no earlier call returned. */
  line(text: string): Promise<Line>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  moveTo(time: string): Promise<void>;
  invokeTimer(name: string): Promise<void>;
  stop(graceMs?: number): Promise<void>;
  kill(): Promise<void>;
  pid: number;
}

interface HostOverrides {
  settings?: Record<string, string>;
  port?: number;
  now?: string;
}

/** Starts a host with the app in its own process; rejects as `startFunctionsHost` does. */
export async function startHost(app: TestApp, overrides: HostOverrides = {}): Promise<TestHost> {
  const order: HostOrder = {
    appDirectory: app.directory,
    stateDirectory: app.stateDirectory,
    hostKey: HOST_KEY,
    port: 0,
    settings: {},
    ...overrides,
  };
  const child = fork(join(import.meta.dirname, "host-process.ts"), [JSON.stringify(order)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  atEndOfFile(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  });
  const talk = conversation(child);
  const start = await talk.started;
  if (start.kind === "failed") {
    throw Object.assign(new Error(start.message), { name: start.name, reasons: start.reasons });
  }
  return {
    address: start.address,
    functions: start.functions,
    lines: talk.lines,
    line: talk.line,
    fetch: (path, init) => fetch(new URL(path, start.address), init),
    moveTo: (time) => talk.ask({ do: "moveTo", time }),
    invokeTimer: (name) => talk.ask({ do: "invokeTimer", name }),
    async stop(graceMs = 10_000) {
      await talk.ask({ do: "stop", graceMs });
      await ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    pid: child.pid ?? 0,
  };
}

/** The startup errors of the app; fails when the host starts. */
export async function startupErrors(app: TestApp, overrides: HostOverrides = {}): Promise<string[]> {
  const host = await startHost(app, overrides).catch((error: unknown) => error as Error & { reasons: string[] });
  if (!(host instanceof Error)) throw new Error("Expected startup errors, but the host started.");
  return host.reasons;
}

function conversation(child: ChildProcess) {
  const lines: Line[] = [];
  const untaken: Line[] = [];
  const wanted = new Set<{ text: string; take: (line: Line) => void }>();
  const asked = new Map<number, (error?: string) => void>();
  const started = Promise.withResolvers<Extract<Report, { kind: "started" | "failed" }>>();
  child.once("exit", (code, signal) => {
    started.reject(new Error(`The host process ended with ${String(code ?? signal)} before it started.`));
  });
  child.on("message", (report: Report) => {
    if (report.kind === "started" || report.kind === "failed") started.resolve(report);
    else if (report.kind === "done") asked.get(report.id)?.(report.error);
    else {
      lines.push(report.entry);
      const waiter = [...wanted].find(({ text }) => report.entry.message.includes(text));
      if (!waiter) return void untaken.push(report.entry);
      wanted.delete(waiter);
      waiter.take(report.entry);
    }
  });
  let lastId = 0;
  type Order = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;
  return {
    lines,
    started: started.promise,
    line: (text: string): Promise<Line> => {
      const index = untaken.findIndex(({ message }) => message.includes(text));
      const line = untaken.splice(index, index < 0 ? 0 : 1)[0];
      if (line) return Promise.resolve(line);
      return new Promise((take) => wanted.add({ text, take }));
    },
    ask: (order: Order): Promise<void> =>
      new Promise((resolve, reject) => {
        const id = (lastId += 1);
        asked.set(id, (error) => {
          if (error === undefined) resolve();
          else reject(new Error(error));
        });
        child.send({ id, ...order });
      }),
  };
}
