import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * Runs the Service Bus stand-in in a process of its own, with the queues that the built app names. It ends when this process
 * does, in whatever way; messages that it had accepted are there again at the next start.
 */
export async function startBroker(
  root: string,
  dataDirectory: string,
): Promise<{ connectionString: string; stop: () => Promise<void> }> {
  await mkdir(dataDirectory, { recursive: true });
  const queues = (await queueNames(root)).flatMap((name) => ["--queue", name]);
  const child = spawn(
    process.execPath,
    // After a crash a lock that nobody holds any more would only delay its message.
    [join(root, "local/service-bus/main.ts"), "--data", dataDirectory, "--locks", "release", ...queues],
    // Detached from the terminal's Ctrl-C: the app still sends while it drains.
    { stdio: ["pipe", "pipe", "pipe"], detached: true },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const exited = once(child, "exit");
  const line = await Promise.race([once(createInterface(child.stdout), "line"), exited.then(() => null)]);
  if (!line) throw new Error(`The Service Bus stand-in did not start: ${said.trim() || "it said nothing"}`);
  const { connectionString } = JSON.parse(String(line[0])) as { connectionString: string };
  return {
    connectionString,
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}

/** What the build wrote down about the app. */
async function queueNames(root: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(root, "dist/manifest.json"), "utf8")) as {
    jobs: { queue: { name: string } | null }[];
  };
  return ["job-runs", ...manifest.jobs.flatMap(({ queue }) => (queue ? [queue.name] : []))];
}
