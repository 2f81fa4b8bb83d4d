import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFile } from "../processes/write-file.ts";
import { readRunningApp, type RunningApp, runningAppFile } from "./running-app.ts";

export async function writeRunningApp(stateDirectory: string, app: RunningApp): Promise<void> {
  await writeFile(runningAppFile(stateDirectory), `${JSON.stringify(app, null, 2)}\n`, { mode: 0o600 });
}

export async function forgetRunningApp(stateDirectory: string): Promise<void> {
  const app = await readRunningApp(stateDirectory);
  if (app?.pid === process.pid) await rm(runningAppFile(stateDirectory), { force: true });
}

/** The operator's key: created once and kept, so that links and scripts work after a restart. */
export async function hostKey(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, "host-key");
  const kept = await readFile(file, "utf8").catch(() => "");
  if (/^[\w-]{32,}$/.test(kept.trim())) return kept.trim();
  const key = randomBytes(32).toString("base64url");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}
