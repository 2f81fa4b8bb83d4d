import { once } from "node:events";
import { WebPubSubClient } from "@azure/web-pubsub-client";
import {
  startWebPubSubEmulator,
  type WebPubSubEmulator,
  type WebPubSubEmulatorOptions,
} from "@rota/web-pubsub-emulator";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";

/** A Web PubSub emulator that stops with the test. */
export async function startedEmulator(options: WebPubSubEmulatorOptions = {}): Promise<WebPubSubEmulator> {
  const emulator = await startWebPubSubEmulator(options);
  onTestFinished(() => emulator.stop());
  return emulator;
}

/** A connected client of Web PubSub that stops with the test. */
export async function connectedClient(url: string | (() => Promise<string>)): Promise<WebPubSubClient> {
  const client = new WebPubSubClient(
    { getClientAccessUrl: url },
    { messageRetryOptions: { maxRetries: 0 }, reconnectRetryOptions: { retryDelayInMs: 20 } },
  );
  const connected = new Promise((resolve) => {
    client.on("connected", resolve);
  });
  onTestFinished(() => {
    client.stop();
  });
  await client.start();
  await connected;
  return client;
}

/** The HTTP response to a WebSocket client that the service refuses. */
export async function refusalOf(url: string): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(url);
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [
    unknown,
    NodeJS.ReadableStream & { statusCode: number },
  ];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

/** Received items in order, and a way to wait for them. */
export interface Inbox<T> {
  readonly all: readonly T[];
  /** Waits for this many items and returns them. */
  upTo(count: number): Promise<readonly T[]>;
  /** Waits for this many items and returns the last of them. */
  nth(count: number): Promise<T>;
}

export function inbox<T>(): Inbox<T> & { put(item: T): void } {
  const all: T[] = [];
  let wake = Promise.withResolvers<undefined>();
  const upTo = async (count: number) => {
    while (all.length < count) await wake.promise;
    return all.slice(0, count);
  };
  return {
    all,
    upTo,
    nth: async (count) => (await upTo(count))[count - 1] as T,
    put(item) {
      all.push(item);
      wake.resolve(undefined);
      wake = Promise.withResolvers();
    },
  };
}
