import { once } from "node:events";
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { creditFilter } from "./credit-filter.ts";

/**
 * What the proxy does with connections: `pass` forwards; `silent` keeps them open and forwards nothing; `silent to
 * client` and `silent to server` do so in one direction; `close` accepts and closes at once; `reset` resets; `delay`
 * forwards the server's bytes ten seconds late; `no credit` keeps the credit for messages from a broker, so that it
 * delivers none and answers all else.
 */
export type ProxyMode =
  "pass" | "silent" | "silent to client" | "silent to server" | "close" | "reset" | "delay" | "no credit";

/** A TCP proxy in front of a server, PostgreSQL or a broker, whose network a test breaks and heals. */
export interface FaultyProxy {
  /** The server's address through the proxy. */
  readonly url: string;
  /** Connections that were accepted so far. */
  readonly accepted: number;
  /** Changes the mode, for open connections as well. `pass` does not revive a connection that lost bytes. */
  set(mode: ProxyMode): void;
  /** Calls `hit` once when the client has sent this many more bytes. */
  afterBytes(count: number, hit: () => void): void;
  close(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Whether it has lost bytes that the server or the client sent. */
  readonly lost: { server: boolean; client: boolean };
}

export async function startFaultyProxy(serverUrl: string, { delayMs = 10_000 } = {}): Promise<FaultyProxy> {
  const target = new URL(serverUrl);
  const links = new Set<Link>();
  let mode: ProxyMode = "pass";
  let accepted = 0;
  let trap: { bytes: number; hit: () => void } | undefined;

  const server: Server = createServer({ allowHalfOpen: false }, (client) => {
    accepted += 1;
    client.on("error", () => undefined);
    if (mode === "close") return void client.resume().end();
    if (mode === "reset") return void client.resetAndDestroy();
    const upstream = connectTcp(Number(target.port), target.hostname);
    upstream.on("error", () => undefined);
    const link: Link = { client, server: upstream, lost: { server: false, client: false } };
    links.add(link);
    const withoutCredit = creditFilter();
    const forward = (from: Socket, to: Socket, isAnswer: boolean) => {
      const late: Buffer[] = [];
      let lateUntil = 0;
      from.on("data", (chunk: Buffer) => {
        if (!isAnswer && trap && (trap.bytes -= chunk.length) <= 0) {
          const { hit } = trap;
          trap = undefined;
          hit();
        }
        if (isAnswer) link.lost.server ||= mode === "silent" || mode === "silent to client";
        else link.lost.client ||= mode === "silent" || mode === "silent to server";
        if (link.lost[isAnswer ? "server" : "client"] || to.destroyed) return;
        const now = performance.now();
        if (isAnswer && mode === "delay") lateUntil = now + delayMs;
        // After late bytes the next ones wait as well: no network changes their order.
        if (lateUntil > now || late.length > 0) {
          late.push(chunk);
          setTimeout(() => {
            const next = late.shift()!;
            if (to.writable) to.write(next);
          }, lateUntil - now).unref();
        } else to.write(isAnswer ? chunk : withoutCredit(chunk, mode === "no credit"));
      });
      from.on("close", () => {
        if (!link.lost.server && !link.lost.client && !mode.startsWith("silent")) to.destroy();
        if (!isAnswer) links.delete(link);
      });
    };
    forward(client, upstream, false);
    forward(upstream, client, true);
  });
  const url = await listenInFront(server, serverUrl);

  return {
    url,
    get accepted() {
      return accepted;
    },
    set(next) {
      mode = next;
      if (next !== "close" && next !== "reset") return;
      for (const { client, server: upstream } of links) {
        if (next === "reset") client.resetAndDestroy();
        else client.end();
        upstream.destroy();
      }
    },
    afterBytes(bytes, hit) {
      trap = { bytes, hit };
    },
    async close() {
      for (const { client, server: upstream } of links) {
        client.destroy();
        upstream.destroy();
      }
      server.close();
      await once(server, "close");
    },
  };
}

/** Starts a proxy. @returns the address of the server behind it, through the proxy */
export async function listenInFront(proxy: Server, serverUrl: string): Promise<string> {
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = new URL(serverUrl);
  url.hostname = "127.0.0.1";
  url.port = String((proxy.address() as { port: number }).port);
  return url.href;
}
