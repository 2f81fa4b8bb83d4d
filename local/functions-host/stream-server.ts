import http from "node:http";
import type { AddressInfo } from "node:net";

/** The HTTP server that `@azure/functions` opens for itself when the app enables HTTP streams. */
export interface StreamServer {
  port: number;
  /** Keeps connections to it. */
  agent: http.Agent;
  /** Ends the answer of an invocation that is over: one whose function returned nothing gets 204. */
  settle(invocationId: string): void;
  close(): Promise<void>;
}

/**
 * Runs `open` and takes hold of the HTTP server that it makes, if it makes one. The library would listen on every
 * interface and never close: taken hold of, it listens on loopback alone, where nobody else can answer for an invocation.
 */
export async function captureStreamServer(open: () => Promise<unknown>): Promise<StreamServer | undefined> {
  let server: http.Server | undefined;
  const original = http.createServer;
  const capturing = (...args: Parameters<typeof original>) => {
    const made = original(...args);
    const listen = made.listen.bind(made) as (port: number, host: string, done?: () => void) => http.Server;
    made.listen = ((done?: () => void) => listen(0, "127.0.0.1", done)) as typeof made.listen;
    return (server = made);
  };
  http.createServer = capturing as typeof original;
  let opened: Promise<unknown>;
  try {
    // The library makes its server before it first waits for anything.
    opened = open();
  } finally {
    http.createServer = original;
  }
  await opened;
  return server && streamServer(server);
}

function streamServer(server: http.Server): StreamServer {
  const answers = new Map<string, http.ServerResponse>();
  const agent = new http.Agent({ keepAlive: true });
  // Else it would close an idle connection just as the agent uses it again, or cut an answer that streams for long.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.prependListener("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
    answers.set(String(request.headers["x-ms-invocation-id"]), response);
  });
  return {
    port: (server.address() as AddressInfo).port,
    agent,
    settle(invocationId) {
      const answer = answers.get(invocationId);
      answers.delete(invocationId);
      if (answer && !answer.writableEnded && !answer.headersSent) answer.writeHead(204).end();
    },
    close() {
      agent.destroy();
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeAllConnections();
      return closed;
    },
  };
}
