import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "#support/temporary-directory.ts";

/** The `script` of util-linux; on other systems it has other arguments. */
const TERMINAL = "script";
const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RotaOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory of the command. Default: an empty one. */
  readonly root?: string;
}

/** Runs the real command line to its end, without the environment of this process. */
export async function rota(args: readonly string[], surroundings: RotaOptions = {}): Promise<Outcome> {
  const child = await startRota(args, surroundings);
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

export async function startRota(args: readonly string[], { env, root }: RotaOptions = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: root ?? (await temporaryDirectory()),
    env: { ...inherited(), TZ: "Europe/Berlin", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** Whether `rotaOnTerminal` works here: it needs the `script` of util-linux. */
export const hasTerminal = spawnSync(TERMINAL, ["--version"], { encoding: "utf8", stdio: "pipe" }).status === 0;

/** The same on a terminal with 100 columns, provided by `script`; stdout and stderr are one stream. */
export async function rotaOnTerminal(
  args: readonly string[],
  { env, root, typed }: RotaOptions & { /** Typed before the first prompt. */ readonly typed?: string } = {},
): Promise<string> {
  const command = [process.execPath, MAIN, ...args].map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn(TERMINAL, ["--quiet", "--command", `stty cols 100; ${command}`, "/dev/null"], {
    cwd: root ?? (await temporaryDirectory()),
    env: { ...inherited(), TZ: "Europe/Berlin", TERM: "xterm-256color", ...env },
    stdio: [typed === undefined ? "ignore" : "pipe", "pipe", "inherit"],
  });
  child.stdin?.write(typed);
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(child, "close");
  return output;
}

/** No settings of the app. */
function inherited(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, NODE_OPTIONS } = process.env;
  return { PATH, HOME, TMPDIR, NODE_OPTIONS };
}
