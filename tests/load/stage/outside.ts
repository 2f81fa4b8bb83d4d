import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A call that is being answered only when it is let go. */
export interface HeldCall {
  /** The process that calls. */
  readonly pid: number;
  /** Answers it. A caller that is gone is no fault. */
  letGo(): void;
}

/** A service outside of the database that jobs call: it counts the calls by key, and can hold one in the middle. */
export interface Outside {
  readonly url: string;
  /** How often each key was called for. */
  readonly calls: ReadonlyMap<string, number>;
  /** Holds the next call with this key. */
  hold(key: string): Promise<HeldCall>;
  close(): Promise<void>;
}

/**
 * The service does what it is asked for when it is called, and remembers keys: a second call with a key does nothing, as the
 * idempotency keys of payment services work.
 */
export async function startOutside(): Promise<Outside> {
  const calls = new Map<string, number>();
  const held = new Map<string, (call: HeldCall) => void>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const key = String(request.headers["idempotency-key"]);
    calls.set(key, (calls.get(key) ?? 0) + 1);
    const letGo = () => {
      if (response.destroyed) return;
      response.end(JSON.stringify({ done: key }));
    };
    response.on("error", () => undefined);
    const hold = held.get(key);
    held.delete(key);
    if (hold) hold({ pid: Number(request.headers["x-pid"]), letGo });
    else letGo();
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
