import { spawn } from "node:child_process";

/**
 * Runs a script in a Node process of its own, so that memory is its own too, and reads the JSON line that it prints last.
 */
export async function inOwnProcess<T>(script: string, args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  for await (const chunk of child.stdout) out += String(chunk);
  const last = out.trim().split("\n").at(-1) ?? "";
  if (child.exitCode) throw new Error(`${script} ${args.join(" ")} ended with ${child.exitCode}: ${out}`);
  return JSON.parse(last) as T;
}

/** Most memory that this process had at one time, in MiB. */
export function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}
