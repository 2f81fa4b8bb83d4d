import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A held call, which is answered when it is released. */
export interface HeldCall {
  /** The process id of the caller. */
  readonly pid: number;
  /** Answers the call, if its caller still exists. */
  release(): void;
}

/** A fake service that jobs call: it counts the calls by key, and can hold a call. */
export interface FakeService {
  readonly url: string;
  /** The number of calls of each key. */
  readonly calls: ReadonlyMap<string, number>;
  /** Holds the next call with this key. */
  hold(key: string): Promise<HeldCall>;
  close(): Promise<void>;
}

/**
 * The service stores the idempotency keys of its calls, as payment services do: a second call with a key has no effect.
 */
export async function startFakeService(): Promise<FakeService> {
  const calls = new Map<string, number>();
  const held = new Map<string, (call: HeldCall) => void>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const key = String(request.headers["idempotency-key"]);
    calls.set(key, (calls.get(key) ?? 0) + 1);
    const release = () => {
      if (response.destroyed) return;
      response.end(JSON.stringify({ done: key }));
    };
    response.on("error", () => undefined);
    const hold = held.get(key);
    held.delete(key);
    if (hold) hold({ pid: Number(request.headers["x-pid"]), release });
    else release();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    hold: (key) => new Promise((resolve) => held.set(key, resolve)),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
