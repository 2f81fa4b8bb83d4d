import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A TypeScript program in its own process, which a test can kill and which is killed after the test. */
export interface Program {
  pid: number;
  /** The lines of its stdout so far. */
  lines: string[];
  /** Waits until it has written this many lines, and returns the last one. */
  line(count: number): Promise<string>;
  /** Kills it with SIGKILL, and waits for its end and the end of its output. */
  kill(): Promise<void>;
}

export function startProgram(
  script: URL,
  args: string[],
  options: { uid?: number; gid?: number; cwd?: string } = {},
): Program {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(script), ...args], {
    ...options,
    // Its own process group, as in a terminal.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const ended = once(child, "close");
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
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
        if (child.exitCode !== null) throw new Error(`The program ended before line ${count}: ${stderr}`);
        await Promise.race([once(child.stdout as NodeJS.EventEmitter, "data"), ended]);
        await new Promise(setImmediate);
      }
      return lines[count - 1] ?? "";
    },
  };
}
