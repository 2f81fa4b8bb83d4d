import type { Socket } from "node:net";
import type { ServiceBusReceivedMessage, ServiceBusReceiver } from "@azure/service-bus";
import { ServiceBusClient } from "@azure/service-bus";
import { onTestFinished } from "vitest";
import type { ServiceBusEmulator, ServiceBusEmulatorOptions } from "../src/service-bus.ts";
import { startServiceBusEmulator } from "../src/service-bus.ts";

export interface StartedEmulator {
  readonly bus: ServiceBusEmulator;
  readonly client: ServiceBusClient;
  /** Another client, with a connection of its own. */
  readonly connect: () => ServiceBusClient;
  /** Moves the clock of the emulator, which does what is due before this returns. */
  readonly pass: (ms: number) => void;
  readonly now: () => number;
}

/** An emulator with a clock of its own, and a client with short retries. Both end with the test. */
export async function startedEmulator(options: ServiceBusEmulatorOptions): Promise<StartedEmulator> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const bus = await startServiceBusEmulator({ clock: now, ...options });
  const clients: ServiceBusClient[] = [];
  const connect = () => {
    const client = clientOf(bus.connectionString);
    clients.push(client);
    return client;
  };
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await bus.stop();
  });
  const pass = (ms: number) => {
    ahead += ms;
    bus.wake();
  };
  return { bus, client: connect(), connect, pass, now };
}

export function clientOf(connectionString: string, { maxRetries = 1, timeoutInMs = 5_000 } = {}): ServiceBusClient {
  return new ServiceBusClient(connectionString, { retryOptions: { maxRetries, retryDelayInMs: 20, timeoutInMs } });
}

/** The next message. Throws when there is none. */
export async function receiveOne(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 60_000 });
  if (!message) throw new Error("Expected a message, got none within a minute.");
  return message;
}

/** The bodies of all messages that are ready. */
export async function receiveBodies(receiver: ServiceBusReceiver, limit = 100): Promise<unknown[]> {
  const messages = await receiver.receiveMessages(limit, { maxWaitTimeInMs: 150 });
  return messages.map(({ body }) => body as unknown);
}

/** Cuts the connection of a client like a crash of its process. */
export function cutConnection(client: ServiceBusClient): void {
  interface Inner {
    readonly _connectionContext: { readonly connection: { readonly _connection: { readonly socket: Socket } } };
  }
  const { socket } = (client as unknown as Inner)._connectionContext.connection._connection;
  socket.resetAndDestroy();
  // The client does not notice a reset of its own socket.
  socket.emit("error", new Error("cut by the test"));
}
