/**
 * The throughput of the Service Bus emulator through the unmodified client, with emulator and client in separate
 * processes.
 *
 *     npx node bench/service-bus-emulator.ts [--data directory]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import type { ServiceBusReceivedMessage, ServiceBusReceiver, ServiceBusSender } from "@azure/service-bus";
import { ServiceBusClient } from "@azure/service-bus";
import { cpuMsOf } from "./support/process-cost.ts";

const main = fileURLToPath(new URL("../packages/service-bus-emulator/src/bin.ts", import.meta.url));
const broker = spawn(process.execPath, [main, "--queue", "bench", ...process.argv.slice(2)], {
  stdio: ["pipe", "pipe", "inherit"],
});
const [line] = (await once(broker.stdout, "data")) as [Buffer];
const { connectionString } = JSON.parse(line.toString()) as { connectionString: string };
const client = new ServiceBusClient(connectionString, { retryOptions: { timeoutInMs: 10_000 } });
const sender = client.createSender("bench");
const receiver = client.createReceiver("bench");
const message = { body: { runId: "0198c0de-0000-7000-8000-000000000000" } };

console.log(`${cpus().length} cores, load ${(loadavg()[0] ?? 0).toFixed(1)} before the start`);
await sendOneByOne(sender, 500);
await receiveAll(receiver, 500);
report("send one by one", 5_000, await timed(() => sendOneByOne(sender, 5_000)));
report("send, 100 in flight", 20_000, await timed(() => sendInFlight(sender, 20_000, 100)));
report("send in batches of 100", 50_000, await timed(() => sendBatches(sender, 50_000, 100)));
report("receive(100) and complete", 75_000, await timed(() => receiveAll(receiver, 75_000)));
await latency(1_000);
await client.close();
broker.stdin.end();
await once(broker, "exit");

async function sendOneByOne(to: ServiceBusSender, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) await to.sendMessages(message);
}

async function sendInFlight(to: ServiceBusSender, count: number, width: number): Promise<void> {
  await Promise.all(Array.from({ length: width }, () => sendOneByOne(to, count / width)));
}

async function sendBatches(to: ServiceBusSender, count: number, size: number): Promise<void> {
  const batch = Array.from({ length: size }, () => message);
  for (let sent = 0; sent < count; sent += size) await to.sendMessages(batch);
}

async function receiveAll(from: ServiceBusReceiver, count: number): Promise<void> {
  for (let received = 0; received < count;) {
    const messages = await from.receiveMessages(100, { maxWaitTimeInMs: 1_000 });
    await Promise.all(messages.map((one) => from.completeMessage(one)));
    received += messages.length;
  }
}

/** The latency from the call of send to the call of the handler. */
async function latency(count: number): Promise<void> {
  let arrived: (message: ServiceBusReceivedMessage) => void = () => undefined;
  const subscription = receiver.subscribe({
    processMessage: async (received) => {
      arrived(received);
    },
    processError: async ({ error }) => {
      throw error;
    },
  });
  const times: number[] = [];
  for (let sent = 0; sent < count; sent++) {
    const start = performance.now();
    const arrival = new Promise((resolve) => (arrived = resolve));
    await Promise.all([sender.sendMessages(message), arrival.then(() => times.push(performance.now() - start))]);
  }
  await subscription.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? NaN).toFixed(2);
  console.log(`latency, send to handler        p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   p99 ${at(0.99)} ms`);
}

interface Timing {
  readonly seconds: number;
  /** Processor time of this process: the cost of the client, independent of the load of the machine. */
  readonly clientSeconds: number;
  /** Processor time of the emulator; null on other systems than Linux. */
  readonly brokerMs: number | null;
}

async function timed(work: () => Promise<void>): Promise<Timing> {
  const start = performance.now();
  const before = process.cpuUsage();
  const brokerBefore = cpuMsOf(broker.pid!);
  await work();
  const { user, system } = process.cpuUsage(before);
  const brokerAfter = cpuMsOf(broker.pid!);
  return {
    seconds: (performance.now() - start) / 1_000,
    clientSeconds: (user + system) / 1e6,
    brokerMs: brokerBefore === null || brokerAfter === null ? null : brokerAfter - brokerBefore,
  };
}

function report(what: string, count: number, { seconds, clientSeconds, brokerMs }: Timing): void {
  const perSecond = Math.round(count / seconds).toLocaleString("en");
  const each = ((clientSeconds * 1e6) / count).toFixed(0);
  const brokers = brokerMs === null ? "–" : ((brokerMs * 1e3) / count).toFixed(0);
  console.log(
    `${what.padEnd(28)} ${perSecond.padStart(10)} messages/s   µs of processor each: client ${each.padStart(4)}, broker ${brokers.padStart(4)}`,
  );
}
