import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isPortTrouble, portError } from "../ports.ts";
import type { HttpFunction } from "./function-definition.ts";
import { isAuthorized } from "./function-key.ts";
import { BodyTooLargeError, bufferedInvocation, type HttpCall, readBody, sendAnswer } from "./http-exchange.ts";
import { answerThroughStream } from "./http-stream.ts";
import { FunctionFailedError, type Invocations } from "./invocations.ts";
import { findRoute, isReservedPath, orderRoutes } from "./router.ts";
import type { StreamServer } from "./stream-server.ts";

/** What the server needs of a loaded app. */
export interface HttpApp {
  functions: readonly HttpFunction[];
  invocations: Invocations;
  /** Set when the app streams. */
  streamServer: StreamServer | undefined;
}

export interface HttpEndpoint {
  address: URL;
  /** Starts serving. Earlier requests wait. */
  serve(app: HttpApp): void;
  /** Rejects new requests with 503. */
  stopAccepting(): void;
  /** Resolves when every connection is closed, after `stopAccepting`. */
  drained(): Promise<void>;
  /** Closes all open connections. */
  closeConnections(): void;
}

interface Listening {
  port: number;
  address: string;
  hostKey: string;
  /** In bytes. */
  bodyLimit: number;
  /** The setting of the port, for the message when it is in use. */
  portSetting: string;
  /** Receives errors of requests outside of their functions. */
  onError: (error: unknown) => void;
}

/** @throws PortInUseError when another program listens on the port, PortDeniedError when this user may not */
export async function listen({
  port,
  address,
  hostKey,
  bodyLimit,
  portSetting,
  onError,
}: Listening): Promise<HttpEndpoint> {
  const app = Promise.withResolvers<HttpApp & { answer: (exchange: Exchange) => Promise<void> }>();
  // A host that stops before it serves rejects it without a handler.
  app.promise.catch(() => undefined);
  let isRefusing = false;

  const server = createServer((request, response) => {
    if (isRefusing) {
      response.writeHead(503, { connection: "close" }).end();
      return;
    }
    response.once("close", () => {
      // A connection that was busy when the server closed would stay open for the next request.
      setImmediate(() => {
        if (isRefusing) server.closeIdleConnections();
      });
    });
    void app.promise
      .then(({ answer }) => answer({ request, response }))
      .catch((error: unknown) => {
        const isClientGone = response.destroyed || request.destroyed;
        if (!isClientGone && !isExpected(error)) onError(error);
        answerFault({ request, response }, error);
      });
  });
  await started(server, { port, address, portSetting });
  const bound = server.address();
  const actualPort = typeof bound === "object" && bound ? bound.port : port;
  const url = new URL(`http://${address.includes(":") ? `[${address}]` : address}:${actualPort}/`);
  const closed = Promise.withResolvers<undefined>();

  return {
    address: url,
    serve(served) {
      app.resolve({ ...served, answer: answering(served, { base: url, hostKey, bodyLimit }) });
    },
    stopAccepting() {
      isRefusing = true;
      app.reject(new Error("The Functions host stopped before it began to serve."));
      server.close(() => {
        closed.resolve(undefined);
      });
      server.closeIdleConnections();
    },
    async drained() {
      await closed.promise;
    },
    closeConnections() {
      server.closeAllConnections();
    },
  };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

function answering(
  { functions, invocations, streamServer }: HttpApp,
  { base, hostKey, bodyLimit }: { base: URL; hostKey: string; bodyLimit: number },
): (exchange: Exchange) => Promise<void> {
  const routes = orderRoutes(functions.map((fn) => ({ template: fn.template, methods: fn.methods, target: fn })));

  /** The function call of the request, or the status code of its rejection. */
  function resolve({ request, response }: Exchange): HttpCall | number {
    const url = urlOf(request, base);
    if (!url) return 400;
    if (isReservedPath(url.pathname)) return 404;
    const match = findRoute(routes, request.method ?? "GET", url.pathname);
    if (!match || match.target.isDisabled) return 404;
    if (!isAuthorized(match.target, request, url, hostKey)) return 401;
    return { fn: match.target, params: match.params, request, response, url };
  }

  return async (exchange) => {
    const call = resolve(exchange);
    if (typeof call === "number") answerEmpty(exchange.response, call);
    else if (streamServer) await answerThroughStream(call, { server: streamServer, bodyLimit, invocations });
    else {
      const body = await readBody(call.request, bodyLimit);
      const answer = await invocations.invoke(call.fn, bufferedInvocation(call, body));
      sendAnswer(call, answer);
    }
  };
}

/** The URL of the request; undefined when it is malformed. */
function urlOf(request: IncomingMessage, base: URL): URL | undefined {
  const path = request.url ?? "/";
  // In "//x" the x must not be parsed as the host.
  return URL.parse(`http://${request.headers.host ?? base.host}${path.startsWith("/") ? path : "/"}`) ?? undefined;
}

/** Whether the status explains the failure, or the log has it already. */
function isExpected(error: unknown): boolean {
  return error instanceof BodyTooLargeError || error instanceof FunctionFailedError;
}

/** Sends only a status to the client; the cause is in the log. */
function answerFault({ request, response }: Exchange, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  answerEmpty(response, error instanceof BodyTooLargeError ? 413 : 500);
  // Closing the connection while the client still sends would reset it and lose the response.
  request.resume();
}

function answerEmpty(response: ServerResponse, status: number): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(status, { "content-length": 0 }).end();
}

function started(
  server: Server,
  { port, address, portSetting }: Pick<Listening, "port" | "address" | "portSetting">,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const { code } = error;
      reject(isPortTrouble(code) ? portError(code, { port, what: "the Functions host", setting: portSetting }) : error);
    });
    server.listen({ port, host: address }, resolve);
  });
}
