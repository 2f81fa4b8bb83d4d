import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * Runs the Service Bus emulator in a process of its own, with the queues that the built app names. It ends when this
 * process ends, even by a crash. It keeps accepted messages for the next start.
 * @param log receives a line when the emulator ends while it is in use
 */
export async function startBroker(
  root: string,
  dataDirectory: string,
  log: (line: string) => void,
): Promise<{ connectionString: string; stop: () => Promise<void> }> {
  await mkdir(dataDirectory, { recursive: true });
  const queues = (await queueNames(root)).flatMap((name) => ["--queue", name]);
  const child = spawn(
    process.execPath,
    // The receivers ended with the emulator: a lock that is kept only delays its message.
    [join(root, "packages/service-bus-emulator/src/bin.ts"), "--data", dataDirectory, "--locks", "release", ...queues],
    // Detached from the terminal's Ctrl-C: the app still sends while it drains.
    { stdio: ["pipe", "pipe", "pipe"], detached: true },
  );
  let errorOutput = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errorOutput += text));
  const exited = once(child, "exit");
  const line = await Promise.race([once(createInterface(child.stdout), "line"), exited.then(() => null)]);
  if (!line) throw new Error(`The Service Bus emulator did not start: ${errorOutput.trim() || "it wrote no error"}`);
  const { connectionString } = JSON.parse(String(line[0])) as { connectionString: string };
  let isStopping = false;
  void exited.then(() => {
    if (isStopping) return;
    log(
      `The Service Bus emulator (process ${child.pid ?? 0}) ended unexpectedly: ${errorOutput.trim() || "it wrote no error"}. ` +
        "Stop Rota and restart it with npm start; no run is lost.",
    );
  });
  return {
    connectionString,
    async stop() {
      isStopping = true;
      child.stdin.end();
      await exited;
    },
  };
}

/** The names of the queues that the build wrote into the manifest. */
async function queueNames(root: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(root, "dist/manifest.json"), "utf8")) as {
    jobs: { queue: { name: string } | null }[];
  };
  return ["job-runs", ...manifest.jobs.flatMap(({ queue }) => (queue ? [queue.name] : []))];
}
