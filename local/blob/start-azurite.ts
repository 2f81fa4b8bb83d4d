import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { choosePort } from "../ports.ts";
import { lockDirectory } from "../processes/lock-directory.ts";
import { writeFile } from "../processes/write-file.ts";

export interface AzuriteOptions {
  /** The directory of the storage, created when missing. Its content survives restarts. */
  dataDirectory: string;
  /** The port on 127.0.0.1. 0 or undefined: a free port, which later starts use again while it is free. */
  port?: number | undefined;
  /** The setting of the port, for the message when the port is in use. Default "ROTA_BLOB_PORT". */
  portSetting?: string;
  /** How long to wait for the directory, in milliseconds. Default 6000: a previous Azurite may still be saving. */
  waitMs?: number;
  log?: (line: string) => void;
}

export interface RunningAzurite {
  /** For `BlobServiceClient.fromConnectionString` and for Azure Storage Explorer. */
  connectionString: string;
  port: number;
  /** Azurite's process id. */
  pid: number;
  /** Stops the server after it has saved its data. Calling it twice is safe. */
  stop(): Promise<void>;
}

const ACCOUNT = "devstoreaccount1";
const START_WITHIN_MS = 60_000;
const PREVIOUS_ENDS_WITHIN_MS = 6000;
const STOP_WITHIN_MS = 8000;

/**
 * Runs Azurite, Microsoft's emulator of blob storage, in an own process, and waits until it answers. A Ctrl-C in the
 * terminal does not stop it. When this process dies, Azurite saves its data and ends. A kill of Azurite itself loses
 * the uploads of the last five seconds.
 *
 * @throws PortInUseError when `port` is given and another program listens on it
 * @throws DirectoryInUseError when another live process uses this data directory
 * @throws Error with Azurite's output when it does not start
 */
export async function startAzurite(options: AzuriteOptions): Promise<RunningAzurite> {
  const log = options.log ?? (() => undefined);
  const directory = resolve(options.dataDirectory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const port = await waitForPort(directory, options);
  const key = await accountKey(join(directory, "account-key"));
  const azurite = await spawnAzurite(directory, port, key);

  let stopping = false;
  void azurite.ended.then(() => {
    if (!stopping)
      log(
        `Azurite (process ${azurite.pid}) ended unexpectedly. Its log is ${azurite.logFile}. ` +
          "Stop Rota and restart it with npm start.",
      );
  });
  return {
    connectionString: connectionString(port, key),
    port,
    pid: azurite.pid,
    async stop() {
      stopping = true;
      await azurite.stop();
    },
  };
}

/** A previous Azurite whose parent was killed keeps its port until it has saved its index. */
async function waitForPort(directory: string, options: AzuriteOptions): Promise<number> {
  const { waitMs = PREVIOUS_ENDS_WITHIN_MS } = options;
  const lock = await lockDirectory(directory, { what: "The blob storage", waitMs });
  try {
    return await choosePort({
      port: options.port,
      rememberIn: join(directory, "port"),
      what: "blob storage",
      setting: options.portSetting ?? "ROTA_BLOB_PORT",
    });
  } finally {
    lock.release();
  }
}

async function accountKey(file: string): Promise<string> {
  const known = (await readFile(file, "utf8").catch(() => "")).trim();
  if (known) return known;
  const key = randomBytes(64).toString("base64");
  await writeFile(file, key, { mode: 0o600 });
  return key;
}

function connectionString(port: number, key: string): string {
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${key};BlobEndpoint=${endpoint};`;
}

interface AzuriteProcess {
  pid: number;
  logFile: string;
  ended: Promise<void>;
  stop(): Promise<void>;
}

async function spawnAzurite(directory: string, port: number, key: string): Promise<AzuriteProcess> {
  const logFile = join(directory, "azurite.log");
  const logHandle = await open(logFile, "w");
  // A file instead of a pipe: writing into the pipe of a killed parent would end Azurite before it saves.
  const child = fork(fileURLToPath(new URL("azurite-process.ts", import.meta.url)), azuriteArguments(directory, port), {
    stdio: ["ignore", logHandle.fd, logHandle.fd, "ipc"],
    env: { ...withoutAzuriteSettings(process.env), AZURITE_ACCOUNTS: `${ACCOUNT}:${key}` },
    execArgv: [],
    detached: process.platform !== "win32",
  });
  await logHandle.close();
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
    child.once("error", () => {
      resolve();
    });
  });
  let startError: string | undefined;
  child.on("message", (message) => {
    startError = (message as { refused: string }).refused;
  });

  const outcome = await Promise.race([firstAnswer(port, child), ended.then(() => "it ended" as const)]);
  if (outcome === "it answers") return { pid: child.pid ?? 0, logFile, ended, stop: () => stop(child, ended) };
  await stop(child, ended);
  const output = (await readFile(logFile, "utf8")).trim();
  throw new Error(
    startError ?? `Azurite did not start on port ${port} (${outcome}): ${output || "it wrote no output"}`,
  );
}

function azuriteArguments(directory: string, port: number): string[] {
  const where = ["--location", directory, "--blobHost", "127.0.0.1", "--blobPort", `${port}`];
  // The client library is often newer than Azurite's list of API versions.
  return [...where, "--skipApiVersionCheck", "--disableTelemetry", "--silent"];
}

/** Without the settings of the user's own Azurite, such as a SQL database for its index. */
function withoutAzuriteSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AZURITE_")));
}

/** Polls until Azurite answers, and not another program that took the port first. */
async function firstAnswer(port: number, child: ChildProcess): Promise<"it answers" | "it does not answer"> {
  const deadline = Date.now() + START_WITHIN_MS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const server = await fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.headers.get("server"),
      () => undefined,
    );
    if (server?.startsWith("Azurite")) return "it answers";
    await delay(20);
  }
  return "it does not answer";
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  const killTimer = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
  await ended;
  clearTimeout(killTimer);
}
