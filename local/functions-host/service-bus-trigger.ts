import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceBusFunction } from "./function-definition.ts";
import type { HostJson } from "./host-json.ts";
import type { MessageSource, OpenMessageSource, QueueMessage } from "./message-source.ts";
import type { InvocationRequest, TypedData } from "./worker-contract.ts";

export interface ServiceBusParts {
  open: OpenMessageSource;
  options: HostJson["serviceBus"];
  invoke: (fn: ServiceBusFunction, request: InvocationRequest) => Promise<unknown>;
  /** Told of what goes wrong outside the function, such as a lost connection or lock. */
  onFault: (fn: ServiceBusFunction, error: unknown) => void;
}

/** How long what is being settled may keep its queue from closing: a broker that is gone answers nothing. */
const SETTLING_MS = 1_000;

/**
 * Feeds a function from its queue: its messages one by one, several at once, or in batches, one batch at a time. While a batch is being worked on,
 * the one before is settled, and as many as `prefetchCount` of the next messages come in.
 */
export function startServiceBusTrigger(
  fn: ServiceBusFunction,
  { open, options, invoke, onFault }: ServiceBusParts,
): MessageSource {
  const isBatch = fn.cardinality === "many";
  const source = open({
    queueName: fn.queueName,
    connectionString: fn.connectionString,
    concurrency: isBatch ? options.maxMessageBatchSize + options.prefetchCount : options.maxConcurrentCalls,
    // As in the real host, whose batches must be done before their locks end.
    lockRenewalMs: isBatch ? 0 : options.maxAutoLockRenewalMs,
  });
  const fault = (error: unknown) => {
    onFault(fn, error);
  };
  const unsettled = new Set<Promise<unknown>>();

  /** Calls the function with messages that succeed or fail together, and sees to it that they are settled accordingly. */
  async function work(messages: readonly QueueMessage[]): Promise<void> {
    const request = isBatch ? batchRequest(fn, messages) : singleRequest(fn, messages[0] as QueueMessage);
    try {
      await invoke(fn, request);
      if (fn.autoComplete) settle(messages, (message) => message.complete());
    } catch {
      settle(messages, (message) => message.abandon());
    }
  }

  function settle(messages: readonly QueueMessage[], act: (message: QueueMessage) => Promise<void>): void {
    const settled = Promise.all(messages.map((message) => act(message).catch(fault)));
    unsettled.add(settled);
    void settled.then(() => unsettled.delete(settled));
  }

  const batches = isBatch ? batching(work, options) : undefined;
  source.start({ receive: batches?.receive ?? ((message) => work([message])), onFault: fault });
  return {
    ...source,
    async pause() {
      batches?.end();
      await source.pause();
      settle(batches?.left() ?? [], (message) => message.abandon());
    },
    async close() {
      await Promise.race([Promise.all(unsettled), sleep(SETTLING_MS, undefined, { ref: false })]);
      await source.close();
    },
  };
}

interface Batches {
  /** Resolves when the message has been handed to the function, or is given back. */
  readonly receive: (message: QueueMessage) => Promise<void>;
  /** Hands over no further batch. */
  end(): void;
  /** Those that came and will not be handed over. */
  left(): QueueMessage[];
}

/** Collects messages while a batch is being worked on, and hands over what came together as the next one. */
function batching(
  work: (messages: readonly QueueMessage[]) => Promise<void>,
  { maxMessageBatchSize, minMessageBatchSize, maxBatchWaitMs }: HostJson["serviceBus"],
): Batches {
  let gathered: { message: QueueMessage; done: () => void }[] = [];
  let state: "waiting" | "starting" | "working" | "ended" = "waiting";
  let patience: NodeJS.Timeout | undefined;

  function consider(): void {
    if (state !== "waiting" || gathered.length === 0) return;
    if (gathered.length < minMessageBatchSize) {
      patience ??= setTimeout(start, maxBatchWaitMs);
    } else {
      start();
    }
  }

  function start(): void {
    clearTimeout(patience);
    patience = undefined;
    state = "starting";
    // Messages that one network packet brought arrive in one turn of the event loop: let them all in.
    setImmediate(() => void next());
  }

  async function next(): Promise<void> {
    if (state === "ended") return;
    state = "working";
    const batch = gathered.slice(0, maxMessageBatchSize);
    gathered = gathered.slice(maxMessageBatchSize);
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
        gathered.push({ message, done: resolve });
        consider();
      }),
    end() {
      state = "ended";
      clearTimeout(patience);
    },
    left() {
      const left = gathered;
      gathered = [];
      for (const { done } of left) done();
      return left.map(({ message }) => message);
    },
  };
}

function singleRequest(fn: ServiceBusFunction, message: QueueMessage): InvocationRequest {
  const metadata: Record<string, TypedData> = {};
  for (const [name, value] of Object.entries(message.properties)) {
    const data = typed(value);
    if (data) metadata[name] = data;
  }
  // The older names, which apps still read.
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
