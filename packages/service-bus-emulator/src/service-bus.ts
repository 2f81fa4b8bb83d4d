import { listen } from "./amqp/server.ts";
import { Broker } from "./broker.ts";
import type { TopicSettings } from "./broker.ts";
import type { Log } from "./log.ts";
import type { QueueCounts } from "./queue.ts";
import type { QueueSettings } from "./settings.ts";

export interface ServiceBusEmulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. The stand-in asks for no password: keep it on this machine. */
  readonly address?: string;
  /** By name. */
  readonly queues?: Readonly<Record<string, QueueSettings>>;
  /** By name; a subscription is received from as `createReceiver(topic, subscription)`. */
  readonly topics?: Readonly<Record<string, TopicSettings>>;
  /** Where messages are kept across restarts. Default: they are not. */
  readonly dataDirectory?: string;
  /** What becomes of message locks that were held when kept messages are read again. Default "keep", as on Azure. */
  readonly locksAtStart?: "keep" | "release";
  /** Epoch milliseconds. Default Date.now. After moving a clock of your own, call `wake`. */
  readonly clock?: () => number;
  /** Default: silent. The event "journal_failed" means that the disk failed: then all clients are dropped and nothing more is accepted. */
  readonly log?: Log;
}

export interface ServiceBusEmulator {
  /** For `new ServiceBusClient(connectionString)`. */
  readonly connectionString: string;
  readonly port: number;
  /** How many messages of a queue, or of a subscription (`topic/Subscriptions/name`), are where. Throws for a path that it does not know. */
  counts(path: string): QueueCounts;
  /** Paths of all queues and subscriptions. */
  paths(): string[];
  /** How many clients are connected. */
  connections(): number;
  /** Looks at the clock: what has come due happens now. */
  wake(): void;
  /** Drops all clients and closes. Kept messages are on disk when the promise resolves. */
  stop(): Promise<void>;
}

/**
 * Starts a stand-in for Azure Service Bus.
 * Rejects when the port is taken or a setting makes no sense, and when kept data is damaged.
 */
export async function startServiceBusEmulator({
  port = 0,
  address = "127.0.0.1",
  queues = {},
  topics = {},
  dataDirectory,
  locksAtStart = "keep",
  clock = Date.now,
  log = () => undefined,
}: ServiceBusEmulatorOptions): Promise<ServiceBusEmulator> {
  let dropClients = () => undefined as unknown;
  const onFailure = (error: Error) => {
    log("journal_failed", { error: error.message });
    dropClients();
  };
  const broker = new Broker({ queues, topics, now: clock, dataDirectory, locksAtStart, onFailure });
  const amqp = await listen(broker, address, port, log).catch(async (error: unknown) => {
    await broker.stop();
    throw error;
  });
  dropClients = amqp.stop;
  const host = address.includes(":") ? `[${address}]` : address;
  return {
    port: amqp.port,
    connectionString: `Endpoint=sb://${host}:${amqp.port};SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true`,
    counts: (path) => broker.counts(path),
    paths: () => broker.paths(),
    connections: amqp.connections,
    wake: () => {
      broker.wake();
    },
    stop: async () => {
      await amqp.stop();
      await broker.stop();
    },
  };
}
