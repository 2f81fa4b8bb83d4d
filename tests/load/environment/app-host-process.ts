import { startFunctionsHost } from "#local/functions-host/functions-host.ts";

/** One app process with only the Functions host and the built app, so that a kill affects only the app. */
const [appDirectory, stateDirectory, port, hostKey] = process.argv.slice(2) as [string, string, string, string];
const host = await startFunctionsHost({
  appDirectory,
  stateDirectory,
  hostKey,
  port: Number(port),
  settings: process.env,
  log: ({ level, message, source }) => {
    if (source !== "host" || /warning|error/.test(level)) process.stdout.write(`${message}\n`);
  },
});
process.once("SIGTERM", () => {
  void host.stop({ graceMs: Number(process.env.LOAD_GRACE_MS ?? 1_000) }).then(() => process.exit(0));
});
