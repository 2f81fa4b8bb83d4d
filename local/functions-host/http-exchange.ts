import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpFunction } from "./function-definition.ts";
import { setCookieHeader } from "./set-cookie.ts";
import type { HttpData, InvocationRequest, InvocationResponse, NullableString } from "./worker-contract.ts";

/** A request with the function that its route matches. */
export interface HttpCall {
  fn: HttpFunction;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  params: Record<string, string>;
}

/** The request body is larger than the host accepts. */
export class BodyTooLargeError extends Error {}

/**
 * Reads the whole body.
 *
 * @throws BodyTooLargeError when it is larger than `limit` bytes
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > limit) throw new BodyTooLargeError();
  const chunks: Buffer[] = [];
  let size = 0;
  // By default, leaving the loop early would destroy the socket and the response with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The invocation of a request, with its body. */
export function bufferedInvocation({ fn, request, url, params }: HttpCall, body: Buffer): InvocationRequest {
  const http: HttpData = {
    method: request.method ?? "GET",
    url: url.href,
    nullableHeaders: nullable(plainHeaders(request)),
    nullableQuery: nullable(joinedQuery(url)),
    nullableParams: nullable(params),
    // A `Request` cannot represent a GET or HEAD with a body.
    ...(body.length > 0 && !hasNoBody(request) ? { body: { bytes: body } } : {}),
  };
  return { inputData: [{ name: fn.bindingName, data: { http } }], triggerMetadata: {}, ...traceOf(request) };
}

/** The invocation of a request whose body `@azure/functions` reads from its own server. */
export function streamedInvocation({ fn, request, url, params }: HttpCall): InvocationRequest {
  return {
    inputData: [{ name: fn.bindingName, data: {} }],
    triggerMetadata: {
      ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { string: value }])),
      Query: { json: JSON.stringify(joinedQuery(url)) },
      Headers: { json: JSON.stringify(plainHeaders(request)) },
    },
    ...traceOf(request),
  };
}

/** Sends the function's response; 204 without one, as in the real host. */
export function sendAnswer({ request, response }: HttpCall, { returnValue }: InvocationResponse): void {
  const answer = returnValue?.http;
  if (!answer) {
    response.writeHead(204).end();
    return;
  }
  const body = Buffer.from(answer.body?.bytes ?? answer.body?.string ?? "");
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    // The host sets the framing headers. Only the response of a HEAD may have a length without a body.
    const isFraming =
      /^(?:transfer-encoding|connection)$/i.test(name) || (/^content-length$/i.test(name) && body.length > 0);
    if (!isFraming) response.setHeader(name, value);
  }
  for (const cookie of answer.cookies ?? []) response.appendHeader("set-cookie", setCookieHeader(cookie));
  response.statusCode = Number(answer.statusCode ?? 200);
  const isEmpty = response.statusCode === 204 || response.statusCode === 304;
  if (!isEmpty && (body.length > 0 || request.method !== "HEAD")) response.setHeader("content-length", body.length);
  response.end(isEmpty ? undefined : body);
}

/** Whether the method of the request allows no body. */
export function hasNoBody(request: IncomingMessage): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [
      name,
      (values ?? []).join(name === "cookie" ? "; " : ","),
    ]),
  );
}

/** Repeated names are joined by commas, as in the real host, unless the app streams. */
function joinedQuery(url: URL): Record<string, string> {
  return Object.fromEntries(
    [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name).join(",")]),
  );
}

function nullable(values: Record<string, string>): Record<string, NullableString> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

function traceOf(request: IncomingMessage): Pick<InvocationRequest, "traceContext"> {
  const parent = request.headers["traceparent"];
  if (typeof parent !== "string" || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(parent)) return {};
  const state = request.headers["tracestate"];
  return { traceContext: { traceParent: parent, traceState: typeof state === "string" ? state : "" } };
}
