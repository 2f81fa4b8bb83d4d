import { once } from "node:events";
import { WebPubSubServiceClient } from "@azure/web-pubsub";
import { WebPubSubClient, type WebPubSubClientOptions } from "@azure/web-pubsub-client";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { startWebPubSubEmulator, type WebPubSubEmulator, type WebPubSubEmulatorOptions } from "../src/web-pubsub.ts";

/** An emulator and Azure's REST client for it. The emulator stops with the test. */
export async function startedEmulator(
  options: WebPubSubEmulatorOptions = {},
): Promise<{ emulator: WebPubSubEmulator; rest: WebPubSubServiceClient }> {
  const emulator = await startWebPubSubEmulator(options);
  onTestFinished(() => emulator.stop());
  return { emulator, rest: restClient(emulator.connectionString) };
}

export function restClient(connectionString: string, hub = "rota"): WebPubSubServiceClient {
  return new WebPubSubServiceClient(connectionString, hub, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });
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
    put(item) {
      all.push(item);
      wake.resolve(undefined);
      wake = Promise.withResolvers();
    },
    upTo,
    nth: async (count) => (await upTo(count))[count - 1] as T,
  };
}

export interface Received {
  readonly group: string | undefined;
  readonly data: unknown;
}

/** Azure's WebSocket client, connected, with the messages that it receives. It stops with the test. */
export async function subscriber(
  url: string | (() => Promise<string>),
  options: WebPubSubClientOptions = {},
): Promise<{ client: WebPubSubClient; received: Inbox<Received>; connectionId: string }> {
  const client = new WebPubSubClient(
    { getClientAccessUrl: url },
    {
      messageRetryOptions: { maxRetries: 0 },
      reconnectRetryOptions: { retryDelayInMs: 20 },
      ...options,
    },
  );
  const received = inbox<Received>();
  client.on("group-message", ({ message: { group, data } }) => {
    received.put({ group, data });
  });
  client.on("server-message", ({ message: { data } }) => {
    received.put({ group: undefined, data });
  });
  const connected = new Promise<string>((resolve) => {
    client.on("connected", ({ connectionId }) => {
      resolve(connectionId);
    });
  });
  onTestFinished(() => {
    client.stop();
  });
  await client.start();
  return { client, received, connectionId: await connected };
}

/** An open WebSocket with the frames that it receives, as text. */
export async function rawClient(
  url: string,
  subprotocol?: string,
): Promise<{ socket: WebSocket; frames: Inbox<string>; closed: Promise<{ code: number; reason: string }> }> {
  const socket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol]);
  const frames = inbox<string>();
  socket.on("message", (data: Buffer) => {
    frames.put(data.toString());
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
    });
  });
  onTestFinished(() => {
    socket.on("error", () => undefined);
    socket.terminate();
  });
  await once(socket, "open");
  return { socket, frames, closed };
}

/** The HTTP response to a WebSocket client that the emulator refuses. */
export async function refusalOf(url: string, subprotocol?: string): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol]);
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [
    unknown,
    NodeJS.ReadableStream & { statusCode: number },
  ];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}
