import { fstatSync } from "node:fs";
import { parseArgs } from "node:util";
import { startWebPubSubEmulator } from "./web-pubsub.ts";

const USAGE = `node main.ts [--port 8081] [--address 127.0.0.1] [--key accessKey] [--hub name]... [--verbose]

Runs the Web PubSub stand-in by itself. Prints one line of JSON, { connectionString, endpoint, port }, when clients can connect.
Started with a pipe as its standard input, it ends when the pipe closes: it does not outlive its parent.`;

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

if (values.help) {
  console.log(USAGE);
} else {
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
  // Node gives children a socket pair as their pipe.
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on("end", end).on("error", end).resume();
}
