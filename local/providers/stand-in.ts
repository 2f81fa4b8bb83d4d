import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, type Fault, faultSwitchboard, respond } from "./fault.ts";

/** A small server on 127.0.0.1 that speaks a provider's protocol. */
export interface StandIn<Kind extends string = never> {
  readonly port: number;
  /** Where it stands, without a slash at the end. */
  readonly origin: string;
  /** Method and path with query of every request so far, oldest first. */
  readonly requests: readonly string[];
  /** Makes the next requests fail, in the way and as often as the fault says. */
  fail(fault: Fault<Kind>): void;
  /** Ends all faults. */
  recover(): void;
  /** The faults that the next requests meet. */
  faults(): readonly Fault<Kind>[];
  close(): Promise<void>;
}

/** Starts one. `answer` is told the fault of content, if any, that it shall build into its answer. */
export async function startStandIn<Kind extends string>({
  port,
  answer,
  errorBody,
}: {
  /** 0 takes a free one. */
  readonly port: number;
  readonly answer: (url: URL, fault: Fault<Kind> | undefined, request: IncomingMessage) => Answer | Promise<Answer>;
  readonly errorBody: (status: number) => Answer;
}): Promise<StandIn<Kind>> {
  const requests: string[] = [];
  const faults = faultSwitchboard<Kind>();
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const fault = faults.next(request.url ?? "");
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const built = request.method === "GET" ? answer(url, fault, request) : { ...errorBody(405), status: 405 };
    Promise.resolve(built).then(
      (ready) => {
        respond(response, ready, fault, errorBody);
      },
      (error: unknown) => {
        response.writeHead(500, { "content-type": "text/plain" }).end(`the stand-in failed: ${String(error)}`);
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
    faults: () => faults.armed(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
