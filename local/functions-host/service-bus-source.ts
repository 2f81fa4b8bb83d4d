import { setTimeout as sleep } from "node:timers/promises";
import {
  RetryMode,
  type RetryOptions,
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from "@azure/service-bus";
import { cutConnection } from "./cut-connection.ts";
import type { MessageSource, QueueMessage, SourceOptions } from "./message-source.ts";

/** A restarted emulator is back within a second; the client's default first delay is 30 s. */
const RETRY: RetryOptions = { mode: RetryMode.Exponential, retryDelayInMs: 100, maxRetryDelayInMs: 5_000 };

/** Time between two checks that the broker answers, and how long one check waits. */
const CHECK: AnswerCheck = { everyMs: 10_000, limitMs: 5_000 };

export interface AnswerCheck {
  readonly everyMs: number;
  readonly limitMs: number;
}

/**
 * Receives from a queue of Service Bus, or of its emulator, in peek-lock mode. When the broker leaves two checks in a
 * row without an answer, it receives over a new connection.
 */
export function openServiceBusSource(options: SourceOptions, check: AnswerCheck = CHECK): MessageSource {
  const ended = new AbortController();
  let connection = connect(options);

  async function replaceSilentConnections(handlers: Handlers): Promise<void> {
    for (;;) {
      await sleep(check.everyMs, undefined, { signal: ended.signal, ref: false });
      // After a freeze of this process the first limit has passed before the answer is read.
      if ((await connection.answers(check.limitMs)) || (await connection.answers(check.limitMs))) continue;
      if (ended.signal.aborted) return;
      handlers.onError(new Error(`Service Bus did not answer within ${check.limitMs} ms, twice; connecting again`));
      connection.sever();
      connection = connect(options);
      connection.receive(handlers);
    }
  }

  return {
    start(handlers) {
      connection.receive(handlers);
      replaceSilentConnections(handlers).catch(() => undefined);
    },
    async pause() {
      ended.abort();
      await connection.pause();
    },
    async close() {
      ended.abort();
      await connection.close();
    },
  };
}

type Handlers = Parameters<MessageSource["start"]>[0];

/**
 * The client waits 60 s for the broker's answer to a new connection; then it connects again over the same object, whose
 * state the late answer to the first attempt breaks for good. So a silent connection is replaced as a whole.
 */
function connect(options: SourceOptions) {
  const client = new ServiceBusClient(options.connectionString, { retryOptions: RETRY });
  const receiver = client.createReceiver(options.queueName, {
    receiveMode: "peekLock",
    // Functions passes the raw body; `@azure/functions` decides whether it is JSON.
    skipParsingBodyAsJson: true,
    maxAutoLockRenewalDurationInMs: options.lockRenewalMs,
  });
  const settle = settlements();
  const closing = new AbortController();
  let subscription: { close(): Promise<void> } | undefined;

  return {
    receive({ receive, onError }: Handlers): void {
      subscription = receiver.subscribe(
        {
          processMessage: (message) => receive(queueMessage(message, receiver, settle)),
          processError: async ({ error }) => {
            if (!closing.signal.aborted) onError(error);
          },
        },
        {
          autoCompleteMessages: false,
          maxConcurrentCalls: options.concurrency,
          abortSignal: closing.signal,
        },
      );
    },
    /** Whether the broker answers within the limit. After an error the client connects again by itself. */
    async answers(limitMs: number): Promise<boolean> {
      const limit = new AbortController();
      const asked = receiver.peekMessages(1, { abortSignal: limit.signal }).then(
        () => true,
        () => true,
      );
      const hasAnswered = await Promise.race([asked, sleep(limitMs, false, { ref: false })]);
      limit.abort();
      return hasAnswered;
    },
    async pause(): Promise<void> {
      await subscription?.close();
    },
    async close(): Promise<void> {
      // Ends an attempt to connect, which closing would wait for.
      closing.abort();
      await client.close();
    },
    sever(): void {
      closing.abort();
      cutConnection(client);
    },
  };
}

type Outcome = "complete" | "abandon";
type Settle = (outcome: Outcome, act: () => Promise<void>) => Promise<void>;

/**
 * Sends settlements with the same outcome together; those with another outcome wait for their answers. The client has a
 * bug: it sends different outcomes of neighbouring deliveries, settled in one tick, as one disposition with the first
 * outcome.
 */
function settlements(): Settle {
  let group: { outcome: Outcome; start: Promise<unknown>; end: Promise<unknown> } = {
    outcome: "complete",
    start: Promise.resolve(),
    end: Promise.resolve(),
  };
  return (outcome, act) => {
    if (group.outcome !== outcome) group = { outcome, start: group.end, end: group.end };
    const settled = group.start.then(act);
    group.end = Promise.allSettled([group.end, settled]).then(() => undefined);
    return settled;
  };
}

function queueMessage(message: ServiceBusReceivedMessage, receiver: ServiceBusReceiver, settle: Settle): QueueMessage {
  return {
    body: bytesOf(message.body),
    properties: {
      MessageId: message.messageId === undefined ? undefined : textOf(message.messageId),
      CorrelationId: message.correlationId === undefined ? undefined : textOf(message.correlationId),
      Subject: message.subject,
      ContentType: message.contentType,
      ReplyTo: message.replyTo,
      To: message.to,
      SessionId: message.sessionId,
      PartitionKey: message.partitionKey,
      DeadLetterSource: message.deadLetterSource,
      LockToken: message.lockToken,
      SequenceNumber: message.sequenceNumber?.toNumber(),
      // The client counts failed deliveries; Functions counts all deliveries.
      DeliveryCount: (message.deliveryCount ?? 0) + 1,
      EnqueuedTimeUtc: message.enqueuedTimeUtc,
      ExpiresAtUtc: message.expiresAtUtc,
      ApplicationProperties: message.applicationProperties ?? {},
    },
    complete: () => settle("complete", () => receiver.completeMessage(message)),
    abandon: () => settle("abandon", () => receiver.abandonMessage(message)),
  };
}

function textOf(id: string | number | Buffer): string {
  return Buffer.isBuffer(id) ? id.toString("hex") : String(id);
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body ?? null));
}
