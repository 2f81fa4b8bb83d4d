import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

export interface EmulatorProcess {
  readonly process: ChildProcess;
  readonly connectionString: string;
  readonly port: number;
  /** Ends it like a crash. */
  readonly kill: () => Promise<void>;
}

/** Starts the emulator as a program, which ends with the test. */
export async function emulatorProcess(...args: string[]): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const line = await Promise.race([
    once(createInterface(child.stdout), "line").then(([text]) => text as string),
    exit.then(([code]) =>
      Promise.reject(new Error(`The emulator ended with code ${String(code)} before it was ready.`)),
    ),
  ]);
  const { connectionString, port } = JSON.parse(line) as { connectionString: string; port: number };
  const kill = async () => {
    child.kill("SIGKILL");
    await exit;
  };
  return { process: child, connectionString, port, kill };
}

/** A directory that the end of the test removes. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "service-bus-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
