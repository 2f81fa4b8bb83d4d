import { channel } from "node:diagnostics_channel";
import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from "@azure/service-bus";
import { openOnce } from "#diagnostics/open-once.ts";
import { startTiming, type Timing } from "#diagnostics/start-timing.ts";

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
  /** Opens a link to a queue unless it is open. @throws the error of the client */
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
  const opened: ServiceBusClient[] = [];
  const client = openOnce(async () => {
    const connected = await connect(address);
    opened.push(connected);
    return connected;
  });
  const senders = new Map<string, ServiceBusSender>();
  const senderOf = async (queue: string) => {
    const connected = await client();
    const sender = senders.get(queue) ?? connected.createSender(queue);
    senders.set(queue, sender);
    return sender;
  };

  return {
    async send(queue, messages) {
      const publish = startTiming<QueueSend>(queueSends, { queue, messages: messages.length });
      try {
        await sendTo(queue, messages);
        publish();
      } catch (error) {
        publish({ error });
        throw error;
      }
    },
    async check(queue, abortSignal) {
      // To create a batch, the client opens the link and reads the maximum message size.
      await (await senderOf(queue)).createMessageBatch({ abortSignal });
    },
    async close() {
      await Promise.all(opened.map((each) => each.close()));
    },
  };

  async function sendTo(queue: string, messages: readonly OutgoingMessage[]): Promise<void> {
    const sender = await senderOf(queue);
    const time = now().getTime();
    const [soon, later] = partition(messages, ({ at }) => !at || at.getTime() <= time);
    const options = { abortSignal: AbortSignal.timeout(SEND_TIMEOUT_MS) };
    await sendAll(sender, soon.map(toServiceBus), options);
    for (const [at, group] of Map.groupBy(later, (message) => message.at!.getTime())) {
      for (let i = 0; i < group.length; i += SCHEDULE_BATCH) {
        const batch = group.slice(i, i + SCHEDULE_BATCH).map(toServiceBus);
        await sender.scheduleMessages(batch, new Date(at), options);
      }
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
