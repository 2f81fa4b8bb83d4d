import { channel } from "node:diagnostics_channel";
import type { ServiceBusClient, ServiceBusMessage, ServiceBusReceiver, ServiceBusSender } from "@azure/service-bus";
import { openOnce } from "#diagnostics/open-once.ts";
import { startTiming, type Timing } from "#diagnostics/start-timing.ts";
import { severConnection } from "./sever-connection.ts";

/** Where the queues are: a connection string, or a namespace that the app's managed identity opens. */
export interface ServiceBusAddress {
  readonly connectionString?: string | undefined;
  readonly namespace?: string | undefined;
  /** Of a user-assigned identity. */
  readonly clientId?: string | undefined;
}

/** Sends messages to queues. The first call loads the client and connects. */
export interface MessageSender {
  /** Sends all messages or rejects; messages with a future `at` are scheduled at the broker. */
  send(queue: string, messages: readonly OutgoingMessage[]): Promise<void>;
  /** Resolves when the broker has answered a request for a queue. @throws the error of the client */
  check(queue: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface OutgoingMessage {
  readonly body: unknown;
  /** The broker may drop a second message of the same id within its duplicate-detection window. */
  readonly messageId: string;
  readonly at?: Date;
}

/** Messages that the broker accepted or refused. */
export interface QueueSend extends Timing {
  readonly queue: string;
  readonly messages: number;
}

/** Diagnostics channel: publishes one `QueueSend` for each call of `send`. */
export const queueSends = channel("rota.queue-send");

/** A send that takes longer fails: the sweep of overdue runs sends its messages later. */
const SEND_TIMEOUT_MS = 10_000;
/** Most messages that are scheduled by one call. */
const SCHEDULE_BATCH = 100;

export function openServiceBus(address: ServiceBusAddress, now: () => Date): MessageSender {
  let current = openConnection(address);
  const silent = new Set<Connection>();
  const sever = (connection: Connection) => {
    silent.delete(connection);
    connection.sever();
  };

  /**
   * After a call without an answer the next one uses a new connection: the client does not recover from an answer that
   * comes after it gave up an attempt to connect.
   */
  async function onConnection(signal: AbortSignal, act: (connection: Connection) => Promise<unknown>): Promise<void> {
    const connection = current;
    try {
      await act(connection);
    } catch (error) {
      if (signal.aborted && connection === current) {
        current = openConnection(address);
        silent.add(connection);
        // Other calls may still get their answers.
        setTimeout(sever, SEND_TIMEOUT_MS, connection).unref();
      }
      throw error;
    }
  }

  return {
    async send(queue, messages) {
      const publish = startTiming<QueueSend>(queueSends, { queue, messages: messages.length });
      const abortSignal = AbortSignal.timeout(SEND_TIMEOUT_MS);
      try {
        await onConnection(abortSignal, async (connection) =>
          sendTo(await connection.senderOf(queue), messages, { abortSignal, now: now() }),
        );
        publish();
      } catch (error) {
        publish({ error });
        throw error;
      }
    },
    async check(queue, abortSignal) {
      // A link that is open proves nothing: the broker answers a peek over the same connection.
      await onConnection(abortSignal, (connection) => connection.peek(queue, abortSignal));
    },
    async close() {
      for (const connection of silent) sever(connection);
      await current.close();
    },
  };
}

interface Connection {
  senderOf(queue: string): Promise<ServiceBusSender>;
  /** Ends with the signal, which the client does not heed while it opens the link. */
  peek(queue: string, abortSignal: AbortSignal): Promise<void>;
  close(): Promise<void>;
  /** Ends a connection on which the broker is silent. */
  sever(): void;
}

/** One client. It loads with the first call. */
function openConnection(address: ServiceBusAddress): Connection {
  let opened: ServiceBusClient | undefined;
  const client = openOnce(async () => (opened = await connect(address)));
  const senders = new Map<string, ServiceBusSender>();
  const receivers = new Map<string, ServiceBusReceiver>();
  return {
    async peek(queue, abortSignal) {
      const connected = await client();
      const receiver = receivers.get(queue) ?? connected.createReceiver(queue);
      receivers.set(queue, receiver);
      await untilAborted(receiver.peekMessages(1, { abortSignal }), abortSignal);
    },
    async senderOf(queue) {
      const connected = await client();
      const sender = senders.get(queue) ?? connected.createSender(queue);
      senders.set(queue, sender);
      return sender;
    },
    async close() {
      await opened?.close();
    },
    sever() {
      if (opened) severConnection(opened);
    },
  };
}

/** Rejects with an AbortError when the signal aborts first. */
async function untilAborted(answer: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    aborted.reject(new DOMException("The broker did not answer", "AbortError"));
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    await Promise.race([answer, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function sendTo(
  sender: ServiceBusSender,
  messages: readonly OutgoingMessage[],
  { abortSignal, now }: { abortSignal: AbortSignal; now: Date },
): Promise<void> {
  const [soon, later] = partition(messages, ({ at }) => !at || at.getTime() <= now.getTime());
  await sendAll(sender, soon.map(toServiceBus), { abortSignal });
  for (const [at, group] of Map.groupBy(later, (message) => message.at!.getTime())) {
    for (let i = 0; i < group.length; i += SCHEDULE_BATCH) {
      const batch = group.slice(i, i + SCHEDULE_BATCH).map(toServiceBus);
      await sender.scheduleMessages(batch, new Date(at), { abortSignal });
    }
  }
}

/**
 * Sends as many messages as fit into one transfer at a time; the broker accepts or refuses each transfer as a whole.
 */
async function sendAll(
  sender: ServiceBusSender,
  messages: readonly ServiceBusMessage[],
  options: { abortSignal: AbortSignal },
) {
  if (messages.length === 1) return sender.sendMessages(messages[0]!, options);
  for (let next = 0; next < messages.length;) {
    const batch = await sender.createMessageBatch(options);
    while (next < messages.length && batch.tryAddMessage(messages[next]!)) next += 1;
    await sender.sendMessages(batch, options);
  }
}

async function connect({ connectionString, namespace, clientId }: ServiceBusAddress): Promise<ServiceBusClient> {
  const { ServiceBusClient: Client } = await import("./service-bus-client.ts");
  const options = {
    retryOptions: { maxRetries: 2, retryDelayInMs: 250, maxRetryDelayInMs: 2_000, timeoutInMs: SEND_TIMEOUT_MS },
  };
  if (connectionString) return new Client(connectionString, options);
  const { ManagedIdentityCredential } = await import("#identity/managed-identity.ts");
  return new Client(
    namespace!,
    clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential(),
    options,
  );
}

function toServiceBus({ body, messageId }: OutgoingMessage): ServiceBusMessage {
  return { body, messageId, contentType: "application/json" };
}

function partition<T>(values: readonly T[], is: (value: T) => boolean): [T[], T[]] {
  return [values.filter(is), values.filter((value) => !is(value))];
}
