import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A TypeScript program of a test's, in a process of its own that a test can kill, and that is killed after the test. */
export interface Program {
  pid: number;
  /** The lines it has written to stdout so far. */
  lines: string[];
  /** Waits until it has written that many lines, and returns the last of them. */
  line(count: number): Promise<string>;
  /** Kills it with SIGKILL and waits until the system has buried it and its output is read to the end. */
  kill(): Promise<void>;
}

export function startProgram(
  script: URL,
  args: string[],
  options: { uid?: number; gid?: number; cwd?: string } = {},
): Program {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(script), ...args], {
    ...options,
    // A process group of its own, as a terminal would give it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const ended = once(child, "close");
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  if (child.stdout) createInterface(child.stdout).on("line", (line) => lines.push(line));

  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  return {
    pid: child.pid ?? 0,
    lines,
    kill,
    async line(count) {
      while (lines.length < count) {
        if (child.exitCode !== null) throw new Error(`The program ended before line ${count}: ${complaint}`);
        await Promise.race([once(child.stdout as NodeJS.EventEmitter, "data"), ended]);
        await new Promise(setImmediate);
      }
      return lines[count - 1] ?? "";
    },
  };
}
