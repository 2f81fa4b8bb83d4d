import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceBusFunction } from "./function-definition.ts";
import type { HostJson } from "./host-json.ts";
import type { MessageSource, OpenMessageSource, QueueMessage } from "./message-source.ts";
import type { InvocationRequest, TypedData } from "./worker-contract.ts";

export interface ServiceBusParts {
  open: OpenMessageSource;
  options: HostJson["serviceBus"];
  invoke: (fn: ServiceBusFunction, request: InvocationRequest) => Promise<unknown>;
  /** Receives errors outside of the function, such as a lost connection or lock. */
  onError: (fn: ServiceBusFunction, error: unknown) => void;
}

/** How long closing waits for settlements: a stopped broker never answers them. */
const SETTLING_MS = 1_000;

/**
 * Invokes a function with the messages of its queue: single messages concurrently, or one batch at a time. During a
 * batch the previous one is settled, and up to `prefetchCount` more messages are received.
 */
export function startServiceBusTrigger(
  fn: ServiceBusFunction,
  { open, options, invoke, onError }: ServiceBusParts,
): MessageSource {
  const isBatch = fn.cardinality === "many";
  const source = open({
    queueName: fn.queueName,
    connectionString: fn.connectionString,
    concurrency: isBatch ? options.maxMessageBatchSize + options.prefetchCount : options.maxConcurrentCalls,
    // As in the real host: a batch must be done before its locks expire.
    lockRenewalMs: isBatch ? 0 : options.maxAutoLockRenewalMs,
  });
  const reportError = (error: unknown) => {
    onError(fn, error);
  };
  const unsettled = new Set<Promise<unknown>>();

  /** Invokes the function with messages that succeed or fail together, and settles them. */
  async function invokeWith(messages: readonly QueueMessage[]): Promise<void> {
    const request = isBatch ? batchRequest(fn, messages) : singleRequest(fn, messages[0] as QueueMessage);
    try {
      await invoke(fn, request);
      if (fn.autoComplete) settle(messages, (message) => message.complete());
    } catch {
      settle(messages, (message) => message.abandon());
    }
  }

  function settle(messages: readonly QueueMessage[], act: (message: QueueMessage) => Promise<void>): void {
    const settled = Promise.all(messages.map((message) => act(message).catch(reportError)));
    unsettled.add(settled);
    void settled.then(() => unsettled.delete(settled));
  }

  const batches = isBatch ? batching(invokeWith, options) : undefined;
  source.start({ receive: batches?.receive ?? ((message) => invokeWith([message])), onError: reportError });
  return {
    ...source,
    async pause() {
      batches?.end();
      await source.pause();
      settle(batches?.takeRemaining() ?? [], (message) => message.abandon());
    },
    async close() {
      await Promise.race([Promise.all(unsettled), sleep(SETTLING_MS, undefined, { ref: false })]);
      await source.close();
    },
  };
}

interface Batches {
  /** Resolves when the function has handled the message, or when the message is released. */
  readonly receive: (message: QueueMessage) => Promise<void>;
  /** Starts no more batches. */
  end(): void;
  /** Removes and returns the received messages that no batch contains. */
  takeRemaining(): QueueMessage[];
}

/** Collects messages during a batch, and passes them on as the next batch. */
function batching(
  work: (messages: readonly QueueMessage[]) => Promise<void>,
  { maxMessageBatchSize, minMessageBatchSize, maxBatchWaitMs }: HostJson["serviceBus"],
): Batches {
  let pending: { message: QueueMessage; done: () => void }[] = [];
  let state: "waiting" | "starting" | "working" | "ended" = "waiting";
  let waitTimer: NodeJS.Timeout | undefined;

  function consider(): void {
    if (state !== "waiting" || pending.length === 0) return;
    if (pending.length < minMessageBatchSize) {
      waitTimer ??= setTimeout(start, maxBatchWaitMs);
    } else {
      start();
    }
  }

  function start(): void {
    clearTimeout(waitTimer);
    waitTimer = undefined;
    state = "starting";
    // Messages of one network packet arrive in one turn of the event loop: wait for all of them.
    setImmediate(() => void next());
  }

  async function next(): Promise<void> {
    if (state === "ended") return;
    state = "working";
    const batch = pending.slice(0, maxMessageBatchSize);
    pending = pending.slice(maxMessageBatchSize);
    await work(batch.map(({ message }) => message));
    for (const { done } of batch) done();
    if (hasEnded()) return;
    state = "waiting";
    consider();
  }

  const hasEnded = () => state === "ended";

  return {
    receive: (message) =>
      new Promise((resolve) => {
        pending.push({ message, done: resolve });
        consider();
      }),
    end() {
      state = "ended";
      clearTimeout(waitTimer);
    },
    takeRemaining() {
      const remaining = pending;
      pending = [];
      for (const { done } of remaining) done();
      return remaining.map(({ message }) => message);
    },
  };
}

function singleRequest(fn: ServiceBusFunction, message: QueueMessage): InvocationRequest {
  const metadata: Record<string, TypedData> = {};
  for (const [name, value] of Object.entries(message.properties)) {
    const data = typed(value);
    if (data) metadata[name] = data;
  }
  // The older names, which some apps still read.
  metadata["UserProperties"] = { json: JSON.stringify(message.properties.ApplicationProperties) };
  if (message.properties.Subject !== undefined) metadata["Label"] = { string: message.properties.Subject };
  const data = fn.isBinary ? { bytes: message.body } : { string: textOf(message) };
  return { inputData: [{ name: fn.bindingName, data }], triggerMetadata: metadata };
}

function batchRequest(fn: ServiceBusFunction, messages: readonly QueueMessage[]): InvocationRequest {
  const metadata: Record<string, TypedData> = {};
  for (const name of Object.keys(messages[0]?.properties ?? {}) as (keyof QueueMessage["properties"])[]) {
    const values = messages.map(({ properties }) => properties[name] ?? null);
    metadata[`${name}Array`] = { json: JSON.stringify(values) };
  }
  metadata["UserPropertiesArray"] = metadata["ApplicationPropertiesArray"] as TypedData;
  const data = fn.isBinary
    ? { collectionBytes: { bytes: messages.map(({ body }) => body) } }
    : { collectionString: { string: messages.map(textOf) } };
  return { inputData: [{ name: fn.bindingName, data }], triggerMetadata: metadata };
}

function typed(value: unknown): TypedData | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return { string: value };
  if (typeof value === "number") return { int: value };
  return { json: JSON.stringify(value) };
}

const utf8 = new TextDecoder();

function textOf({ body }: QueueMessage): string {
  return utf8.decode(body);
}
