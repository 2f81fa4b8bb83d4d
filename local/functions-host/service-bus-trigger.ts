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

/** Feeds a function from its queue: its messages one by one, several at once, or in batches, one batch at a time. */
export function startServiceBusTrigger(
  fn: ServiceBusFunction,
  { open, options, invoke, onFault }: ServiceBusParts,
): MessageSource {
  const isBatch = fn.cardinality === "many";
  const source = open({
    queueName: fn.queueName,
    connectionString: fn.connectionString,
    concurrency: isBatch ? options.maxMessageBatchSize : options.maxConcurrentCalls,
    prefetchCount: options.prefetchCount,
    // As in the real host, whose batches must be done before their locks end.
    lockRenewalMs: isBatch ? 0 : options.maxAutoLockRenewalMs,
  });
  const fault = (error: unknown) => {
    onFault(fn, error);
  };

  /** Calls the function with messages that succeed or fail together. */
  async function work(messages: readonly QueueMessage[]): Promise<void> {
    const request = isBatch ? batchRequest(fn, messages) : singleRequest(fn, messages[0] as QueueMessage);
    let settle: (message: QueueMessage) => Promise<void>;
    try {
      await invoke(fn, request);
      settle = (message) => (fn.autoComplete ? message.complete() : Promise.resolve());
    } catch {
      settle = (message) => message.abandon();
    }
    await Promise.all(messages.map((message) => settle(message).catch(fault)));
  }

  const receive = isBatch ? batching(work, options) : (message: QueueMessage) => work([message]);
  source.start({ receive, onFault: fault });
  return source;
}

/** Collects messages while a batch is being worked on, and hands over what came together as the next one. */
function batching(
  work: (messages: readonly QueueMessage[]) => Promise<void>,
  { maxMessageBatchSize, minMessageBatchSize, maxBatchWaitMs }: HostJson["serviceBus"],
): (message: QueueMessage) => Promise<void> {
  let gathered: { message: QueueMessage; done: () => void }[] = [];
  let isWorking = false;
  let patience: NodeJS.Timeout | undefined;

  async function next(): Promise<void> {
    if (isWorking || gathered.length === 0) return;
    isWorking = true;
    clearTimeout(patience);
    patience = undefined;
    const batch = gathered.slice(0, maxMessageBatchSize);
    gathered = gathered.slice(maxMessageBatchSize);
    await work(batch.map(({ message }) => message));
    for (const { done } of batch) done();
    isWorking = false;
    consider();
  }

  function consider(): void {
    if (gathered.length >= minMessageBatchSize) {
      // Messages that one network packet brought arrive in one turn of the event loop: let them all in.
      setImmediate(() => void next());
    } else if (gathered.length > 0) {
      patience ??= setTimeout(() => void next(), maxBatchWaitMs);
    }
  }

  return (message) =>
    new Promise((resolve) => {
      gathered.push({ message, done: resolve });
      consider();
    });
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
  const names = new Set(messages.flatMap(({ properties }) => Object.keys(properties))) as Set<
    keyof QueueMessage["properties"]
  >;
  for (const name of names) {
    const values = messages.map(({ properties }) => properties[name] ?? null);
    metadata[name === "ApplicationProperties" ? "ApplicationPropertiesArray" : `${name}Array`] = {
      json: JSON.stringify(values),
    };
  }
  metadata["UserPropertiesArray"] = {
    json: JSON.stringify(messages.map(({ properties }) => properties.ApplicationProperties)),
  };
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

function textOf({ body }: QueueMessage): string {
  return new TextDecoder().decode(body);
}
