import http from "node:http";
import type { AddressInfo } from "node:net";

/** The HTTP server that `@azure/functions` opens for itself when the app enables HTTP streams. */
export interface StreamServer {
  port: number;
  /** Pools connections to it. */
  agent: http.Agent;
  /** Ends the response of a finished invocation: 204 when the function returned nothing. */
  finishResponse(invocationId: string): void;
  close(): Promise<void>;
}

/**
 * Runs `open` and captures the HTTP server that it creates, if any. Without this, `@azure/functions` would listen on
 * every interface and never close; a captured server listens on loopback only.
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
    // `@azure/functions` creates its server before its first await.
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
  // Otherwise it could close an idle connection while the agent reuses it, or abort a long streaming response.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.prependListener("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
    answers.set(String(request.headers["x-ms-invocation-id"]), response);
  });
  return {
    port: (server.address() as AddressInfo).port,
    agent,
    finishResponse(invocationId) {
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
