import { startFunctionsHost } from "../../../local/functions-host/host.ts";

/** One app process of the campaign: the host and the built app, nothing else, so that kill -9 hits the app alone. */
const [appDirectory, stateDirectory, port, hostKey] = process.argv.slice(2) as [string, string, string, string];
await startFunctionsHost({
  ...{ appDirectory, stateDirectory, hostKey, port: Number(port) },
  settings: process.env,
  log: ({ level, message, source }) => {
    if (source === "host" && /warning|error/.test(level)) process.stderr.write(`${message}\n`);
  },
});
