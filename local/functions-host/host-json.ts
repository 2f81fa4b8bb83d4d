import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The options of host.json that this host supports, with the defaults of the real host. */
export interface HostJson {
  /** Without leading and trailing slashes; may be empty. */
  routePrefix: string;
  serviceBus: {
    /** The maximum number of concurrent single messages of one function. */
    maxConcurrentCalls: number;
    /** The maximum number of messages in a batch (cardinality many). */
    maxMessageBatchSize: number;
    minMessageBatchSize: number;
    /** How long a batch below the minimum size waits for more messages. */
    maxBatchWaitMs: number;
    /**
     * The number of messages that are received and locked during a batch. This host does not prefetch single messages.
     */
    prefetchCount: number;
    autoCompleteMessages: boolean;
    /** How long the lock of a single message is renewed while its function runs. */
    maxAutoLockRenewalMs: number;
  };
}

const DEFAULTS: HostJson = {
  routePrefix: "api",
  serviceBus: {
    maxConcurrentCalls: 16,
    maxMessageBatchSize: 1000,
    minMessageBatchSize: 1,
    maxBatchWaitMs: 30_000,
    prefetchCount: 0,
    autoCompleteMessages: true,
    maxAutoLockRenewalMs: 300_000,
  },
};

/** Reads the app's host.json. Returns errors as sentences, with defaults for the wrong values. */
export async function readHostJson(appDirectory: string): Promise<{ hostJson: HostJson; problems: string[] }> {
  const file = join(appDirectory, "host.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return { hostJson: DEFAULTS, problems: [`host.json is missing: expected ${file} with { "version": "2.0" }.`] };
  }
  return parseHostJson(text);
}

/** Parses the text of a host.json. */
export function parseHostJson(text: string): { hostJson: HostJson; problems: string[] } {
  const problems: string[] = [];
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    return { hostJson: DEFAULTS, problems: [`host.json is not valid JSON: ${(error as Error).message}.`] };
  }
  if (!isRecord(root)) return { hostJson: DEFAULTS, problems: ["host.json must contain a JSON object."] };
  if (root["version"] !== "2.0") {
    problems.push(
      `host.json: expected "version": "2.0", got ${root["version"] === undefined ? "none" : JSON.stringify(root["version"])}.`,
    );
  }

  const http = section(root, "extensions.http");
  const bus = section(root, "extensions.serviceBus");
  const defaults = DEFAULTS.serviceBus;
  const count = (key: string, fallback: number, least: number) =>
    read(
      bus,
      key,
      fallback,
      `a whole number of at least ${least}`,
      (v) => Number.isInteger(v) && (v as number) >= least,
    );
  const duration = (key: string, fallbackMs: number): number => {
    const value = bus.values[key];
    if (value === undefined) return fallbackMs;
    const ms = typeof value === "string" ? timeSpanMs(value) : undefined;
    if (ms === undefined)
      problems.push(`host.json: ${bus.path}.${key} must be a time as "hh:mm:ss", got ${JSON.stringify(value)}.`);
    return ms ?? fallbackMs;
  };

  function section(parent: Record<string, unknown>, path: string): { path: string; values: Record<string, unknown> } {
    let values: unknown = parent;
    for (const key of path.split(".")) {
      values = (values as Record<string, unknown>)[key] ?? {};
      if (isRecord(values)) continue;
      problems.push(`host.json: "${key}" of ${path} must be an object.`);
      values = {};
    }
    return { path, values: values as Record<string, unknown> };
  }

  function read<T>(
    { path, values }: { path: string; values: Record<string, unknown> },
    key: string,
    fallback: T,
    expected: string,
    isFine: (value: unknown) => boolean,
  ): T {
    const value = values[key] ?? fallback;
    if (isFine(value)) return value as T;
    problems.push(`host.json: ${path}.${key} must be ${expected}, got ${JSON.stringify(value)}.`);
    return fallback;
  }

  const hostJson: HostJson = {
    routePrefix: read(http, "routePrefix", DEFAULTS.routePrefix, "a string", (v) => typeof v === "string").replace(
      /^\/+|\/+$/g,
      "",
    ),
    serviceBus: {
      maxConcurrentCalls: count("maxConcurrentCalls", defaults.maxConcurrentCalls, 1),
      maxMessageBatchSize: count("maxMessageBatchSize", defaults.maxMessageBatchSize, 1),
      minMessageBatchSize: count("minMessageBatchSize", defaults.minMessageBatchSize, 1),
      maxBatchWaitMs: duration("maxBatchWaitTime", defaults.maxBatchWaitMs),
      prefetchCount: count("prefetchCount", defaults.prefetchCount, 0),
      autoCompleteMessages: read(
        bus,
        "autoCompleteMessages",
        defaults.autoCompleteMessages,
        "true or false",
        (v) => typeof v === "boolean",
      ),
      maxAutoLockRenewalMs: duration("maxAutoLockRenewalDuration", defaults.maxAutoLockRenewalMs),
    },
  };
  return { hostJson, problems };
}

/**
 * Milliseconds of a .NET time span such as "00:05:00", "1.00:00:00" or "00:00:00.250"; undefined when it is malformed.
 */
function timeSpanMs(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,7})?))?$/.exec(text);
  if (!match) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number((part as string | undefined) ?? 0));
  if (hours > 23 || minutes > 59 || seconds >= 60) return undefined;
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
