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

/** Checks through which a message waits for an idle receiver before the receiver is replaced; doubled each time. */
const [FEWEST_CHECKS, MOST_CHECKS] = [3, 30];
/** Messages among which a check looks for one that waits: the oldest may be scheduled for later. */
const PEEKED = 20;

/**
 * Receives from a queue of Service Bus, or of its emulator, in peek-lock mode. It receives over a new connection when
 * the broker leaves two checks in a row without an answer, or when a message waits while the receiver receives none.
 */
export function openServiceBusSource(options: SourceOptions, check: AnswerCheck = CHECK): MessageSource {
  const ended = new AbortController();
  let connection = connect(options);

  async function replaceDeafConnections(handlers: Handlers): Promise<void> {
    const idle = idleReceiver();
    const receiving = { ...handlers, receive: idle.during(handlers.receive) };
    const ask = () => connection.oldestMessage(check.limitMs);
    connection.receive(receiving);
    for (;;) {
      await sleep(check.everyMs, undefined, { signal: ended.signal, ref: false });
      // After a freeze of this process the first limit has passed before the answer is read.
      const oldest = (await ask()) ?? (await ask());
      const isDeaf = oldest && idle.misses(oldest.id);
      if (oldest && !isDeaf) continue;
      if (ended.signal.aborted) return;
      handlers.onError(
        new Error(
          isDeaf
            ? "The receiver received no message while one waited; connecting again"
            : `Service Bus did not answer within ${check.limitMs} ms, twice; connecting again`,
        ),
      );
      connection.sever();
      connection = connect(options);
      connection.receive(receiving);
    }
  }

  return {
    start(handlers) {
      replaceDeafConnections(handlers).catch(() => undefined);
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

/**
 * Detects a receiver that misses messages. Another receiver may hold the message that waits, so each replacement
 * doubles the checks until the next one; a message that is received resets them.
 */
function idleReceiver() {
  let [inProcess, checks, mostChecks] = [0, 0, FEWEST_CHECKS];
  let waiting: string | null = null;
  return {
    during(receive: Handlers["receive"]): Handlers["receive"] {
      return async (message) => {
        inProcess += 1;
        mostChecks = FEWEST_CHECKS;
        await receive(message);
        inProcess -= 1;
        waiting = null;
      };
    },
    /** Notes the oldest message of a check; whether it has waited through enough of them. */
    misses(oldest: string | null): boolean {
      checks = inProcess === 0 && oldest !== null && oldest === waiting ? checks + 1 : 1;
      waiting = oldest;
      if (checks < mostChecks) return false;
      checks = 0;
      mostChecks = Math.min(2 * mostChecks, MOST_CHECKS);
      return true;
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
  /** Where a peek starts; without it the client continues after the last peeked message. */
  let first: ServiceBusReceivedMessage["sequenceNumber"];

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
    /**
     * The oldest message that is not scheduled for later, whether or not a receiver holds it. An error counts as an
     * answer without one: the client connects again by itself.
     * @returns undefined without an answer within the limit
     */
    async oldestMessage(limitMs: number): Promise<{ id: string | null } | undefined> {
      const limit = new AbortController();
      const peek = { abortSignal: limit.signal, ...(first && { fromSequenceNumber: first }) };
      const asked = receiver.peekMessages(PEEKED, peek).then(
        (messages) => {
          first ??= messages[0]?.sequenceNumber;
          const oldest = messages.find(({ state }) => state === "active");
          return { id: oldest?.sequenceNumber?.toString() ?? null };
        },
        () => ({ id: null }),
      );
      const answer = await Promise.race([asked, sleep(limitMs, undefined, { ref: false })]);
      limit.abort();
      return answer;
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
