import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Answer, type Fault, faultQueue, respond } from "./fault-injection.ts";

/** A server on 127.0.0.1 that speaks a provider's protocol. */
export interface FakeServer<Kind extends string = never> {
  readonly port: number;
  /** Its address, without a trailing slash. */
  readonly origin: string;
  /** Method and path with query of every request so far, oldest first. */
  readonly requests: readonly string[];
  /** What it accepted for delivery, such as messages, oldest first. Only where it delivers. */
  readonly sent?: readonly object[];
  /** Injects a fault into the next requests. */
  fail(fault: Fault<Kind>): void;
  /** Removes all injected faults. */
  recover(): void;
  /** The injected faults that are still active. */
  faults(): readonly Fault<Kind>[];
  close(): Promise<void>;
}

/** Starts one. `answer` receives the content fault, if any, that its answer must contain. */
export async function startFakeServer<Kind extends string>({
  port,
  answer,
  errorBody,
  methods = ["GET"],
}: {
  /** 0 takes a free one. */
  readonly port: number;
  readonly answer: (
    url: URL,
    fault: Fault<Kind> | undefined,
    request: IncomingMessage,
    body: string,
  ) => Answer | Promise<Answer>;
  readonly errorBody: (status: number) => Answer;
  /** Other methods are answered with 405. Default: GET. */
  readonly methods?: readonly string[];
}): Promise<FakeServer<Kind>> {
  const requests: string[] = [];
  const faults = faultQueue<Kind>();
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const fault = faults.next(request.url ?? "");
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const build = async () =>
      methods.includes(request.method ?? "")
        ? answer(url, fault, request, await text(request))
        : { ...errorBody(405), status: 405 };
    build().then(
      (ready) => {
        respond(response, ready, fault, errorBody);
      },
      (error: unknown) => {
        response.writeHead(500, { "content-type": "text/plain" }).end(`the fake server failed: ${String(error)}`);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const taken = (server.address() as AddressInfo).port;
  return {
    port: taken,
    origin: `http://127.0.0.1:${taken}`,
    requests,
    fail: (fault) => {
      faults.fail(fault);
    },
    recover: () => {
      faults.recover();
    },
    faults: () => faults.pending(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
