import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "./stack-options.ts";

/** The running app, for the command line and for more app processes. Only its owner can read the file. */
export interface RunningApp {
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  readonly databaseUrl: string;
  /** The settings for another app process. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The error of a start where an app runs already. */
export function alreadyRunning({ url, pid }: RunningApp): StartError {
  return new StartError(
    `Rota is already running here: ${url} (process ${pid}). Stop it first, or start a second process that joins it:\n` +
      "  npm start -- --join --port 7072",
  );
}

/** The file in which `npm start` stores the running app. */
export function runningAppFile(stateDirectory: string): string {
  return join(stateDirectory, "app.json");
}

/** The running app; null when none runs. */
export async function readRunningApp(stateDirectory: string): Promise<RunningApp | null> {
  try {
    const app = JSON.parse(await readFile(runningAppFile(stateDirectory), "utf8")) as RunningApp;
    return isAlive(app.pid) ? app : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
