import {
  RetryMode,
  type RetryOptions,
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from "@azure/service-bus";
import type { MessageSource, QueueMessage, SourceOptions } from "./message-source.ts";

/** A restarted emulator is back within a second; the client's default first delay is 30 s. */
const RETRY: RetryOptions = { mode: RetryMode.Exponential, retryDelayInMs: 100, maxRetryDelayInMs: 5_000 };

/** Receives from a queue of Service Bus, or of its emulator, in peek-lock mode. */
export function openServiceBusSource(options: SourceOptions): MessageSource {
  const client = new ServiceBusClient(options.connectionString, { retryOptions: RETRY });
  const receiver = client.createReceiver(options.queueName, {
    receiveMode: "peekLock",
    // Functions passes the raw body; `@azure/functions` decides whether it is JSON.
    skipParsingBodyAsJson: true,
    maxAutoLockRenewalDurationInMs: options.lockRenewalMs,
  });
  const settle = settlements();
  let subscription: { close(): Promise<void> } | undefined;

  return {
    start({ receive, onError }) {
      subscription = receiver.subscribe(
        {
          processMessage: (message) => receive(queueMessage(message, receiver, settle)),
          processError: async ({ error }) => {
            onError(error);
          },
        },
        { autoCompleteMessages: false, maxConcurrentCalls: options.concurrency },
      );
    },
    async pause() {
      await subscription?.close();
    },
    async close() {
      await client.close();
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
