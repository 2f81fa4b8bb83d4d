import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startWebPubSubEmulator } from "@rota/web-pubsub-emulator";
import { startAzurite } from "../blob/start-azurite.ts";
import { startFunctionsHost } from "../functions-host/functions-host.ts";
import type { Log } from "../functions-host/host-log.ts";
import { startPostgres } from "../postgres/start-postgres.ts";
import { DirectoryInUseError } from "../processes/lock-directory.ts";
import { startBroker } from "./broker.ts";
import { startDemoProviders } from "./demo-providers.ts";
import { migrate } from "./migrate-database.ts";
import { alreadyRunning, readRunningApp } from "./running-app.ts";
import { type StackOptions, StartError } from "./stack-options.ts";
import { forgetRunningApp, hostKey, writeRunningApp } from "./state-file.ts";

export interface Stack {
  readonly url: string;
  readonly key: string;
  /** The address of the demo's fault API; null outside demo mode. */
  readonly providerControl: string | null;
  /** Waits for running jobs, then stops everything that the stack started. Calling it twice is safe. */
  stop(): Promise<void>;
}

/** The grace period of running jobs after Ctrl-C. */
const GRACE_MS = 25_000;

/**
 * Starts the app's dependencies and then the app, in one process tree: database, blob storage, broker, live events, in
 * demo mode the fake providers, and the Functions host. When a step fails, everything that is started is stopped again.
 */
export async function startStack(root: string, options: StackOptions, log: Log): Promise<Stack> {
  const { stateDirectory, port } = options;
  await mkdir(stateDirectory, { recursive: true });
  const started: (() => Promise<void>)[] = [];
  const stop = once(async () => {
    for (const end of started.toReversed()) await end();
  });
  try {
    const { settings, providerControl = null } = options.join
      ? { settings: await settingsToJoin(stateDirectory) }
      : await startDependencies(root, options, started, (message) => {
          log({ at: new Date(), level: "warning", source: "host", message });
        });
    // The app reads its environment as on Azure; environment variables override the file.
    const env = { ...settings, ...process.env } as Record<string, string>;
    const key = env.ROTA_OPERATOR_KEY || (await hostKey(stateDirectory));
    // One key for the host's functions and for the app's own pages.
    env.ROTA_OPERATOR_KEY = key;
    Object.assign(process.env, env);
    const host = await startFunctionsHost({
      appDirectory: root,
      port,
      portSetting: "ROTA_PORT (or --port)",
      hostKey: key,
      stateDirectory: join(stateDirectory, "host"),
      settings: env,
      log,
    });
    started.push(() => host.stop({ graceMs: GRACE_MS }));
    const url = host.address.origin;
    if (!options.join) {
      await writeRunningApp(stateDirectory, { url, key, pid: process.pid, databaseUrl: env.DATABASE_URL!, settings });
      started.push(() => forgetRunningApp(stateDirectory));
    }
    return { url, key, providerControl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts database, storage, broker and live events, each unless a setting names another one. */
async function startDependencies(
  root: string,
  { stateDirectory, settings }: StackOptions,
  started: (() => Promise<void>)[],
  log: (line: string) => void,
): Promise<{ settings: Record<string, string>; providerControl?: string }> {
  const given = { ...settings, ...process.env };
  const own: Record<string, string> = {};
  let providerControl: string | undefined;
  const dependencies = await Promise.allSettled([
    given.DATABASE_URL ? null : startPostgres({ dataDirectory: join(stateDirectory, "postgres"), log }),
    isOwnStorage(given.AzureWebJobsStorage) ? startAzurite({ dataDirectory: join(stateDirectory, "blob"), log }) : null,
    given.SERVICE_BUS || given.SERVICE_BUS__fullyQualifiedNamespace
      ? null
      : startBroker(root, join(stateDirectory, "service-bus"), log),
    given.WEB_PUBSUB || given.WEB_PUBSUB__endpoint ? null : startWebPubSubEmulator(),
  ]);
  const [database, blobs, broker, live] = dependencies;
  if (database.status === "fulfilled" && database.value) {
    const server = database.value;
    started.push(() => server.stop());
    own.DATABASE_URL = server.url;
    own.DATABASE_POOL_MAX = "10";
  }
  if (blobs.status === "fulfilled" && blobs.value) {
    const storage = blobs.value;
    started.push(() => storage.stop());
    own.AzureWebJobsStorage = storage.connectionString;
  }
  if (broker.status === "fulfilled" && broker.value) {
    started.push(broker.value.stop);
    own.SERVICE_BUS = broker.value.connectionString;
  }
  if (live.status === "fulfilled" && live.value) {
    started.push(live.value.stop);
    own.WEB_PUBSUB = live.value.connectionString;
  }
  for (const outcome of dependencies) {
    if (outcome.status === "rejected") throw await explained(outcome.reason, stateDirectory);
  }
  // Last: it stores its ports, and until here another app may own the state directory.
  if (settings === null) {
    const demo = await startDemoProviders(stateDirectory);
    started.push(demo.close);
    Object.assign(own, demo.settings);
    providerControl = demo.controlUrl;
  }
  const all = { JOB_LEASE: "15s", JOB_HEARTBEAT: "5s", ...settings, ...own };
  await migrate(root, given.DATABASE_URL ?? own.DATABASE_URL!);
  return { settings: all, ...(providerControl && { providerControl }) };
}

/** The usual reason for a directory in use: the app of this folder runs already. */
async function explained(reason: unknown, stateDirectory: string): Promise<unknown> {
  const app = reason instanceof DirectoryInUseError ? await readRunningApp(stateDirectory) : null;
  return app ? alreadyRunning(app) : reason;
}

async function settingsToJoin(stateDirectory: string): Promise<Record<string, string>> {
  const app = await readRunningApp(stateDirectory);
  if (!app) throw new StartError("Rota is not running here, so no process can join it: start it first with npm start.");
  return { ...app.settings, ROTA_OPERATOR_KEY: app.key };
}

/** Whether the storage is Azurite: the setting is empty, or has the development value of Azure's tools. */
function isOwnStorage(connection: string | undefined): boolean {
  return !connection || connection === "UseDevelopmentStorage=true";
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
