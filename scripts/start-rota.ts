import { join } from "node:path";
import { outputTo } from "#cli/output.ts";
import { unknownSettings } from "#cli/unknown-settings.ts";
import { loadDemoData } from "#local/stack/demo-data/load-demo-data.ts";
import { readOptions } from "#local/stack/stack-options.ts";
import { startStack } from "#local/stack/start-stack.ts";
import { whenNpmEnds } from "./npm-parent.ts";
import { banner, type JobLine } from "./start-banner.ts";
import { terminalLog } from "./terminal-log.ts";

/** Runs all of Rota on this machine, from its build. `npm start` builds it first: see start.ts. */
const root = join(import.meta.dirname, "..");
const stopping = new AbortController();

try {
  const options = await readOptions(root, process.argv.slice(2), process.env);
  if (!options.settings && !options.join) {
    console.log(
      "Demo mode, since there is no local.settings.json: fake servers on 127.0.0.1\n" +
        "serve SAMPLE data in the providers' true formats.",
    );
  }
  // A database of DATABASE_URL may hold real data, so it gets no sample data.
  const isOwnDatabase = !process.env.DATABASE_URL;
  const startedAt = performance.now();
  const log = terminalLog((text) => process.stdout.write(text));
  const stack = await startStack(root, options, log);
  onStopSignal(() => stack.stop());

  const { jobs } = (await call(stack, "GET", "api/admin/jobs")) as { jobs: JobLine[] };
  process.stdout.write(banner({ ...stack, jobs, now: new Date(), ...outputTo(process.stdout) }));
  const warnings = unknownSettings(
    process.env,
    jobs.map(({ id }) => id),
  );
  process.stdout.write(warnings.map((line) => `  ${line}\n`).join("") + (warnings.length ? "\n" : ""));
  if (!options.settings && !options.join) {
    const outcome = await call(stack, "POST", "api/admin/jobs/sync_fx_latest/run?wait=30").then(
      (run) => (run as { state: string }).state,
      // The app runs; the error of one job is in its log and in the ledger.
      (error: unknown) => `did not run: ${(error as Error).message}`,
    );
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    process.stdout.write(`  First job: sync_fx_latest ${outcome}, ${seconds} s after start.\n`);
    const samples = isOwnDatabase && !stopping.signal.aborted ? await loadDemoData(stack, options.stateDirectory) : [];
    process.stdout.write(samples.map((line) => `  ${line}\n`).join("") + "\n");
  }
} catch (error) {
  // Requests fail during a stop, which ends the process itself.
  if (!stopping.signal.aborted) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

async function call({ url, key }: { url: string; key: string }, method: string, path: string): Promise<unknown> {
  const response = await fetch(`${url}/${path}`, { method, headers: { "x-functions-key": key } });
  if (!response.ok)
    throw new Error(
      `The app started but this request failed: ${path} gave ${response.status}: ${await response.text()}`,
    );
  return response.json();
}

/** The first signal stops gracefully, the second one immediately. */
function onStopSignal(stop: () => Promise<void>): void {
  let signals = 0;
  const handle = () => {
    signals += 1;
    stopping.abort();
    if (signals > 1) process.exit(130);
    process.stdout.write("\nStopping: running jobs have 25 s to end. Press Ctrl-C again to stop immediately.\n");
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${(error as Error).message}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, handle);
  whenNpmEnds(() => {
    if (signals === 0) handle();
  });
}
