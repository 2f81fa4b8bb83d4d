import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Access } from "./access.ts";
import { acceptClients } from "./client/upgrade.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { serveRest } from "./rest/serve.ts";
import { Service, type Log } from "./service.ts";

export type { Limits, Log };

export interface WebPubSubEmulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Signs and checks every token. Default: a new one per start. */
  readonly accessKey?: string;
  /** The hubs that exist. Default: every one that is named, as on Azure. */
  readonly hubs?: readonly string[];
  /** Epoch milliseconds. Default Date.now. After moving a clock of your own, call `wake`. */
  readonly clock?: () => number;
  /** Is told of clients that come, go and are refused. Default: silent. */
  readonly log?: Log;
  /** Serve https and wss, which clients with an identity in place of a key insist on. PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Whether a token that was not signed with the key is good: one of Entra ID. Default: none is. */
  readonly acceptToken?: (token: string) => boolean;
  /** Default: those of Azure, and see `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits>;
}

/** A client as the service sees it. */
export interface ClientConnection {
  readonly hub: string;
  readonly id: string;
  readonly userId: string | undefined;
  readonly groups: readonly string[];
  /** false: its network is gone, and it may still come back. */
  readonly isOpen: boolean;
}

export interface WebPubSubEmulator {
  /** For `new WebPubSubServiceClient(connectionString, hub, …)`; without TLS with `allowInsecureConnection: true`. */
  readonly connectionString: string;
  /** `http://127.0.0.1:8081` */
  readonly endpoint: string;
  readonly port: number;
  readonly connections: () => ClientConnection[];
  /** Cuts a client's network without a word, or everybody's. Reliable ones can come back. */
  readonly drop: (connectionId?: string) => void;
  /** Looks at the clock: what has come due happens now. */
  readonly wake: () => void;
  /** Drops all clients and closes. Nothing is kept. */
  readonly stop: () => Promise<void>;
}

/** Starts a stand-in for Azure Web PubSub. Rejects when the port is taken. */
export async function startWebPubSubEmulator({
  port = 0,
  address = "127.0.0.1",
  accessKey = randomBytes(32).toString("base64"),
  hubs,
  clock = Date.now,
  log = () => undefined,
  tls,
  acceptToken = () => false,
  limits,
}: WebPubSubEmulatorOptions = {}): Promise<WebPubSubEmulator> {
  const access: Access = { key: accessKey, endpoint: () => endpoint, now: clock, acceptToken };
  const service = new Service({ access, limits: { ...DEFAULT_LIMITS, ...limits }, now: clock, log, hubNames: hubs });
  const clients = acceptClients(service);
  const answer = (request: IncomingMessage, response: ServerResponse) => void serveRest(service, request, response);
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  server.on("upgrade", clients.upgrade);
  await listen(server, port, address);

  const taken = (server.address() as AddressInfo).port;
  const host = address.includes(":") ? `[${address}]` : address;
  const endpoint = `${tls ? "https" : "http"}://${host}:${taken}`;
  const all = () => service.hubs().flatMap((hub) => hub.all().map((connection) => ({ hub: hub.name, connection })));
  return {
    port: taken,
    endpoint,
    connectionString: `Endpoint=${endpoint.slice(0, endpoint.lastIndexOf(":"))};Port=${taken};AccessKey=${accessKey};Version=1.0;`,
    connections: () =>
      all().map(({ hub, connection: { id, userId, groups, isOpen } }) => ({
        ...{ hub, id, userId, isOpen },
        groups: [...groups],
      })),
    drop: (id) => {
      for (const { connection } of all()) if (id === undefined || connection.id === id) connection.drop();
    },
    wake: () => {
      service.wake();
    },
    stop: () => {
      service.stop();
      clients.stop();
      return close(server);
    },
  };
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
