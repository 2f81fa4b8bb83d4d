#!/usr/bin/env node
import { fstatSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ServiceBusEmulatorOptions } from "./service-bus.ts";
import { startServiceBusEmulator } from "./service-bus.ts";

const USAGE = `service-bus-emulator [--port number] [--address 127.0.0.1] [--data directory [--locks keep|release]] [--queue name]... [--config file.json] [--verbose]

Runs an emulator of Azure Service Bus. Prints one line of JSON, { connectionString, port }, when clients can connect.
Without --port it uses any free port.
The file holds { "queues": { name: settings }, "topics": { name: { "subscriptions": { name: settings } } } }.
When its standard input is a pipe, it ends as soon as the pipe closes, so it ends with its parent process.`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    address: { type: "string", default: "127.0.0.1" },
    data: { type: "string" },
    locks: { type: "string", default: "keep" },
    queue: { type: "string", multiple: true, default: [] },
    config: { type: "string" },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(USAGE);
} else {
  const named = Object.fromEntries(values.queue.map((name) => [name, {}]));
  const config = values.config === undefined ? {} : readConfig(values.config);
  const emulator = await startServiceBusEmulator({
    ...config,
    queues: { ...named, ...config.queues },
    port: Number(values.port),
    address: values.address,
    ...(values.data === undefined ? {} : { dataDirectory: values.data }),
    locksAtStart: values.locks === "release" ? "release" : "keep",
    ...(values.verbose
      ? { log: (event, details) => process.stderr.write(`${event} ${JSON.stringify(details)}\n`) }
      : {}),
  });
  console.log(JSON.stringify({ connectionString: emulator.connectionString, port: emulator.port }));

  const end = () => void emulator.stop().then(() => process.exit(0));
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  if (hasParentPipe()) process.stdin.on("end", end).on("error", end).resume();
}

function readConfig(file: string): Pick<ServiceBusEmulatorOptions, "queues" | "topics"> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Pick<ServiceBusEmulatorOptions, "queues" | "topics">;
  } catch (error) {
    throw new Error(`--config ${file}: expected a file of JSON with "queues" or "topics".`, { cause: error });
  }
}

/** The pipe that Node gives to a child is a socket. */
function hasParentPipe(): boolean {
  const stdin = fstatSync(0);
  return stdin.isFIFO() || stdin.isSocket();
}
