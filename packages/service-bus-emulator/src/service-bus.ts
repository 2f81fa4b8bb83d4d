import { listen } from "./amqp/server.ts";
import type { TopicSettings } from "./broker.ts";
import { Broker } from "./broker.ts";
import type { Log } from "./log.ts";
import type { QueueCounts } from "./queue.ts";
import type { QueueSettings } from "./settings.ts";

export interface ServiceBusEmulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. The emulator accepts every password: do not expose it to a network. */
  readonly address?: string;
  /** By name. */
  readonly queues?: Readonly<Record<string, QueueSettings>>;
  /** By name. Receive from a subscription with `createReceiver(topic, subscription)`. */
  readonly topics?: Readonly<Record<string, TopicSettings>>;
  /** Keeps messages across restarts. Default: messages are in memory only. */
  readonly dataDirectory?: string;
  /** Whether message locks survive a restart. Default "keep", as on Azure. */
  readonly locksAtStart?: "keep" | "release";
  /** Epoch milliseconds. Default Date.now. After you move a clock of your own, call `wake`. */
  readonly clock?: () => number;
  /**
   * Default: silent. After "journal_failed", a failure of the disk, the emulator closes all connections and accepts
   * nothing.
   */
  readonly log?: Log;
}

export interface ServiceBusEmulator {
  /** For `new ServiceBusClient(connectionString)`. */
  readonly connectionString: string;
  readonly port: number;
  /**
   * Counts messages of a queue, or of a subscription (`topic/Subscriptions/name`), by state. Throws for an unknown
   * path.
   */
  counts(path: string): QueueCounts;
  /** Paths of all queues and subscriptions. */
  paths(): string[];
  /** The number of connected clients. */
  connections(): number;
  /** Reads the clock and does what is due. */
  wake(): void;
  /** Closes all connections and the port. All messages are on disk when the promise resolves. */
  stop(): Promise<void>;
}

/**
 * Starts an emulator of Azure Service Bus.
 * Rejects when the port is in use, a setting is invalid, or the data directory is damaged or in use.
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
  let closeConnections = () => undefined as unknown;
  const onFailure = (error: Error) => {
    log("journal_failed", { error: error.message });
    closeConnections();
  };
  const broker = new Broker({ queues, topics, now: clock, dataDirectory, locksAtStart, onFailure });
  const amqp = await listen(broker, address, port, log).catch(async (error: unknown) => {
    await broker.stop();
    throw error;
  });
  closeConnections = amqp.stop;
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
