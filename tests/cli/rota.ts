import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "#support/temporary-directory.ts";

/** Of util-linux; those of other systems take other arguments. */
const TERMINAL = "script";
const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** The project's folder as the command sees it. Default: an empty one. */
  readonly root?: string;
}

/** Runs the real command line to its end, with nothing of this process's environment that could change what it does. */
export async function rota(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const child = await startRota(args, surroundings);
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

export async function startRota(args: readonly string[], { env, root }: Surroundings = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: root ?? (await temporaryDirectory()),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, TZ: "Europe/Berlin", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** Whether `rotaOnTerminal` can work here: the `script` of util-linux is what makes a terminal. */
export const hasTerminal = spawnSync(TERMINAL, ["--version"], { encoding: "utf8", stdio: "pipe" }).status === 0;

/** The same on a terminal of the given width, which the system's `script` supplies; everything comes on one stream. */
export async function rotaOnTerminal(args: readonly string[], { env, root }: Surroundings = {}): Promise<string> {
  const command = [process.execPath, MAIN, ...args].map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn(TERMINAL, ["--quiet", "--command", `stty cols 100; ${command}`, "/dev/null"], {
    cwd: root ?? (await temporaryDirectory()),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: "Europe/Berlin", TERM: "xterm-256color", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(child, "close");
  return output;
}
