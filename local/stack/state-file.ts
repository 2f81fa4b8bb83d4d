import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Where the running app is, for the command line and for further app processes. Readable by its owner alone. */
export interface RunningApp {
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  readonly databaseUrl: string;
  /** What a further app process needs to join. */
  readonly settings: Readonly<Record<string, string>>;
}

const FILE = "app.json";

export async function writeRunningApp(stateDirectory: string, app: RunningApp): Promise<void> {
  await writeFile(join(stateDirectory, FILE), `${JSON.stringify(app, null, 2)}\n`, { mode: 0o600 });
}

export async function readRunningApp(stateDirectory: string): Promise<RunningApp | null> {
  try {
    const app = JSON.parse(await readFile(join(stateDirectory, FILE), "utf8")) as RunningApp;
    return isAlive(app.pid) ? app : null;
  } catch {
    return null;
  }
}

export async function forgetRunningApp(stateDirectory: string): Promise<void> {
  const app = await readRunningApp(stateDirectory);
  if (app?.pid === process.pid) await rm(join(stateDirectory, FILE), { force: true });
}

/** The operator's key: made once, then kept, so that links and scripts survive a restart. */
export async function hostKey(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, "host-key");
  const kept = await readFile(file, "utf8").catch(() => "");
  if (/^[\w-]{32,}$/.test(kept.trim())) return kept.trim();
  const key = randomBytes(32).toString("base64url");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
