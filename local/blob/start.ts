import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { choosePort } from "../ports.ts";
import { lockDirectory } from "../processes/lock.ts";

export interface BlobStorageOptions {
  /** A directory of the storage's own, made when missing. What is in it survives restarts. */
  dataDirectory: string;
  /** The port on 127.0.0.1. 0 or undefined picks a free one at first and keeps to it while it stays free. */
  port?: number | undefined;
  /** What sets that port, for the message when it is taken. Default "ROTA_BLOB_PORT". */
  portSetting?: string;
  /** How long to wait for the directory, in milliseconds. Default 6000, as a predecessor may still be saving. */
  patienceMs?: number;
  log?: (line: string) => void;
}

export interface RunningBlobStorage {
  /** For `BlobServiceClient.fromConnectionString` and for Azure Storage Explorer. */
  connectionString: string;
  port: number;
  /** Azurite's process id. */
  pid: number;
  /** Ends the server after it has written everything down. Calling it twice is safe. */
  stop(): Promise<void>;
}

const ACCOUNT = "devstoreaccount1";
const START_WITHIN_MS = 60_000;
const PREDECESSOR_ENDS_WITHIN_MS = 6000;
const STOP_WITHIN_MS = 8000;

/**
 * Runs Microsoft's Azurite for blobs in a process of its own, and waits until it answers. It survives a Ctrl-C in the
 * terminal until `stop`, and ends by itself, with its data written, when this process dies in whatever way. Only when
 * Azurite itself is killed are uploads of the last five seconds lost.
 *
 * @throws PortInUseError when `port` was given and something else listens there
 * @throws DirectoryInUseError when another live process runs this data directory
 * @throws Error with what Azurite said when it does not start
 */
export async function startBlobStorage(options: BlobStorageOptions): Promise<RunningBlobStorage> {
  const log = options.log ?? (() => undefined);
  const directory = resolve(options.dataDirectory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const port = await portOnceFree(directory, options);
  const key = await accountKey(join(directory, "account-key"));
  const azurite = await spawnAzurite(directory, port, key);

  let stopping = false;
  void azurite.ended.then(() => {
    if (!stopping) log(`Azurite (process ${azurite.pid}) ended unexpectedly: see ${azurite.logFile}.`);
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

/** A predecessor whose starter was killed keeps its port until it has written its index. */
async function portOnceFree(directory: string, options: BlobStorageOptions): Promise<number> {
  const { patienceMs = PREDECESSOR_ENDS_WITHIN_MS } = options;
  const lock = await lockDirectory(directory, { what: "The blob storage", patienceMs });
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

interface Azurite {
  pid: number;
  logFile: string;
  ended: Promise<void>;
  stop(): Promise<void>;
}

async function spawnAzurite(directory: string, port: number, key: string): Promise<Azurite> {
  const logFile = join(directory, "azurite.log");
  const logHandle = await open(logFile, "w");
  // A file and no pipe: writing into the pipe of a starter that was killed would end Azurite before it has saved.
  const child = fork(fileURLToPath(new URL("azurite.ts", import.meta.url)), azuriteArguments(directory, port), {
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
  let refusal: string | undefined;
  child.on("message", (message) => {
    refusal = (message as { refused: string }).refused;
  });

  const outcome = await Promise.race([firstAnswer(port, child), ended.then(() => "it ended" as const)]);
  if (outcome === "it answers") return { pid: child.pid ?? 0, logFile, ended, stop: () => stop(child, ended) };
  await stop(child, ended);
  const said = (await readFile(logFile, "utf8")).trim();
  throw new Error(refusal ?? `Azurite did not start on port ${port} (${outcome}): ${said || "it said nothing"}`);
}

function azuriteArguments(directory: string, port: number): string[] {
  const where = ["--location", directory, "--blobHost", "127.0.0.1", "--blobPort", `${port}`];
  // The client library is often newer than Azurite's list of API versions.
  return [...where, "--skipApiVersionCheck", "--disableTelemetry", "--silent"];
}

/** Settings for some other Azurite of this user's, such as a SQL database for its index, are not for this one. */
function withoutAzuriteSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AZURITE_")));
}

/** Asks until Azurite itself, and not some program that got the port before it, answers. */
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
  const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
  await ended;
  clearTimeout(impatience);
}
