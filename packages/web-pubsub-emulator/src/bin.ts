#!/usr/bin/env node
import { fstatSync } from "node:fs";
import { parseArgs } from "node:util";
import { startWebPubSubEmulator } from "./web-pubsub.ts";

const USAGE = `web-pubsub-emulator [options]

  --port <number>     default: a free port
  --address <address> default 127.0.0.1
  --key <accessKey>   default: a random key
  --hub <name>        repeatable; default: every valid name is a hub
  --verbose           logs connections and refused requests to stderr

Prints one line of JSON, { connectionString, endpoint, port }, when it accepts connections.
If its stdin is a pipe, it ends when the pipe closes, so that it does not outlive its parent process.`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    address: { type: "string", default: "127.0.0.1" },
    key: { type: "string" },
    hub: { type: "string", multiple: true },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  const { connectionString, endpoint, port, stop } = await startWebPubSubEmulator({
    port: Number(values.port),
    address: values.address,
    ...(values.key !== undefined && { accessKey: values.key }),
    ...(values.hub !== undefined && { hubs: values.hub }),
    ...(values.verbose && {
      log: (event, details) => process.stderr.write(`${event} ${JSON.stringify(details)}\n`),
    }),
  });
  console.log(JSON.stringify({ connectionString, endpoint, port }));

  const end = () => void stop().then(() => process.exit(0));
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  const stdin = fstatSync(0);
  // Node connects a child's stdin with a socket pair where the shell uses a pipe.
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on("end", end).on("error", end).resume();
}
