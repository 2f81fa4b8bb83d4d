import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { pipeline } from "node:stream/promises";
import { BodyTooLargeError, hasNoBody, type HttpCall, streamedInvocation } from "./http-exchange.ts";
import type { Invocations } from "./invocations.ts";
import type { StreamServer } from "./stream-server.ts";

const INVOCATION_ID = "x-ms-invocation-id";
/** Hop-by-hop headers, which a proxy does not forward, and the header of the invocation id. */
const NOT_FORWARDED = new Set(
  `connection keep-alive proxy-connection transfer-encoding te trailer upgrade expect ${INVOCATION_ID}`.split(" "),
);

/**
 * Invokes a function of an app that streams. `@azure/functions` has its own HTTP server: the request is forwarded to it
 * with the invocation id, and its response is streamed back.
 *
 * @throws BodyTooLargeError when the body is larger than `bodyLimit` bytes
 */
export async function answerThroughStream(
  call: HttpCall,
  { server, bodyLimit, invocations }: { server: StreamServer; bodyLimit: number; invocations: Invocations },
): Promise<void> {
  const { fn, request, response } = call;
  if (Number(request.headers["content-length"] ?? 0) > bodyLimit) throw new BodyTooLargeError();
  const invocationId = randomUUID();
  const forwarded = forward(call, server, invocationId);
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    forwarded.on("response", resolve).on("error", reject);
  });
  response.once("close", () => {
    if (!response.writableFinished) forwarded.destroy();
  });

  const upload = sendBody(request, forwarded, bodyLimit);
  const download = answered.then(async (answer) => {
    response.writeHead(answer.statusCode ?? 200, answerHeaders(answer));
    // The client receives the headers before a slow body.
    response.flushHeaders();
    await pipeline(answer, response);
  });
  const invoked = connected(forwarded)
    .then(() => invocations.invoke(fn, streamedInvocation(call), invocationId))
    .finally(() => {
      server.finishResponse(invocationId);
    });
  try {
    await Promise.all([Promise.race([upload, download]), invoked, download]);
  } catch (error) {
    forwarded.destroy();
    throw error;
  }
  if (forwarded.writableFinished) return;
  // The function answered before it read the whole body: drain the rest, so that the client can finish sending.
  forwarded.destroy();
  await upload.catch(() => undefined);
  request.resume();
}

function forward({ request, url }: HttpCall, server: StreamServer, invocationId: string): ClientRequest {
  const headers: Record<string, string | string[]> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    const isFraming = name === "content-length" && hasNoBody(request);
    // Node accepts some headers only as a string.
    if (values && !isFraming && !NOT_FORWARDED.has(name)) headers[name] = values.length === 1 ? values.join() : values;
  }
  const forwarded = httpRequest({
    host: "127.0.0.1",
    port: server.port,
    agent: server.agent,
    method: request.method,
    path: url.pathname + url.search,
    headers: { ...headers, "x-forwarded-host": url.host, "x-forwarded-proto": "http", [INVOCATION_ID]: invocationId },
  });
  forwarded.flushHeaders();
  return forwarded;
}

/**
 * Resolves once the request is connected: `@azure/functions` waits for it forever, so the invocation must not start
 * earlier.
 */
async function connected(forwarded: ClientRequest): Promise<void> {
  const socket = forwarded.socket ?? ((await once(forwarded, "socket")) as [NonNullable<ClientRequest["socket"]>])[0];
  if (socket.connecting) await once(socket, "connect");
}

/** Forwards the body with backpressure. A function may answer without reading it. */
async function sendBody(request: IncomingMessage, forwarded: ClientRequest, limit: number): Promise<void> {
  if (hasNoBody(request)) {
    forwarded.end();
    return;
  }
  let size = 0;
  // By default, leaving the loop early would destroy the socket and the response with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BodyTooLargeError();
    if (forwarded.destroyed) return;
    if (!forwarded.write(chunk)) await drained(forwarded);
  }
  forwarded.end();
}

function drained(forwarded: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      forwarded.off("drain", done).off("close", done);
      resolve();
    };
    forwarded.on("drain", done).on("close", done);
  });
}

function answerHeaders(answer: IncomingMessage): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    if (values && !NOT_FORWARDED.has(name)) headers[name] = values;
  }
  return headers;
}
