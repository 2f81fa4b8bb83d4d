import { channel } from "node:diagnostics_channel";
import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from "@azure/service-bus";

/** Where the queues are: a connection string, or a namespace that is entered with the app's identity. */
export interface ServiceBusAddress {
  readonly connectionString?: string | undefined;
  readonly namespace?: string | undefined;
  /** Of a user-assigned identity. */
  readonly clientId?: string | undefined;
}

/** Sends messages to queues. The client is loaded and connected with the first one. */
export interface MessageSender {
  /** All of them or an error; what is to arrive later than now is scheduled at the broker. */
  send(queue: string, messages: readonly OutgoingMessage[]): Promise<void>;
  /** Opens a link to a queue, or finds it open. @throws what stands in the way */
  check(queue: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface OutgoingMessage {
  readonly body: unknown;
  /** The broker may drop a second one of the same id within its window. */
  readonly messageId: string;
  readonly at?: Date;
}

/** Messages that the broker has taken, or could not. */
export interface Sending {
  readonly queue: string;
  readonly messages: number;
  readonly ms: number;
  readonly error?: unknown;
}

/** Told of each `Sending`. */
export const sendings = channel("rota.sending");

/** A sender that waits longer than this is given up: the sweep carries what it could not. */
const SEND_TIMEOUT_MS = 10_000;
/** Most messages that are scheduled by one call. */
const SCHEDULE_BATCH = 100;

export function openServiceBus(address: ServiceBusAddress, now: () => Date): MessageSender {
  let client: Promise<ServiceBusClient> | undefined;
  const senders = new Map<string, Promise<ServiceBusSender>>();
  const senderOf = (queue: string) => {
    const known = senders.get(queue);
    if (known) return known;
    const made = (client ??= connect(address)).then((open) => open.createSender(queue));
    senders.set(queue, made);
    return made;
  };

  return {
    send: async (queue, messages) => told(queue, messages.length, () => sendTo(queue, messages)),
    async check(queue, abortSignal) {
      // An empty batch has to ask the link for its largest message.
      await (await senderOf(queue)).createMessageBatch({ abortSignal });
    },
    async close() {
      await (await client)?.close();
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

async function told(queue: string, messages: number, send: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const tell = (outcome: Pick<Sending, "error">) => {
    if (!sendings.hasSubscribers) return;
    sendings.publish({ queue, messages, ms: performance.now() - startedAt, ...outcome } satisfies Sending);
  };
  try {
    await send();
    tell({});
  } catch (error) {
    tell({ error });
    throw error;
  }
}

/** As many as fit into one transfer at a time; each transfer is taken whole or not at all. */
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
