import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { acceptClients } from "./client/accept-clients.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import type { Log } from "./log.ts";
import { serveRest } from "./rest/serve-rest.ts";
import { Service } from "./service.ts";

export type { Limits, Log };

export interface WebPubSubEmulatorOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** The address to listen on. Default 127.0.0.1. */
  readonly address?: string;
  /** The key that signs tokens. Default: a random key per start. */
  readonly accessKey?: string;
  /** The names of the hubs. Default: every valid name is a hub, as on Azure. */
  readonly hubs?: readonly string[];
  /** Returns epoch milliseconds. Default `Date.now`. After moving this clock, call `expireConnections`. */
  readonly clock?: () => number;
  /** Receives events such as `connected`, `disconnected` and `client_refused`. Default: none. */
  readonly log?: Log;
  /** Serves https and wss, which Azure's clients require for Entra ID. PEM texts. Default: http and ws. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Whether to accept a REST token that the key did not sign, such as a token of Entra ID. Default: never. */
  readonly acceptToken?: (token: string) => boolean;
  /** Overrides single limits. Default: those of each property of `Limits`. */
  readonly limits?: Partial<Limits>;
}

export interface ClientConnection {
  readonly hub: string;
  readonly id: string;
  readonly userId: string | undefined;
  readonly groups: readonly string[];
  /** false: the network broke and the client can still recover the connection. */
  readonly isOpen: boolean;
}

export interface WebPubSubEmulator {
  /** For `new WebPubSubServiceClient(connectionString, hub)`; without TLS add `{ allowInsecureConnection: true }`. */
  readonly connectionString: string;
  /** Such as `http://127.0.0.1:8081`. */
  readonly endpoint: string;
  readonly port: number;
  readonly connections: () => ClientConnection[];
  /** Breaks the network of one client, or of all clients. Reliable clients recover. */
  readonly drop: (connectionId?: string) => void;
  /** Ends the connections whose recovery window has passed by `clock`. A timer does so by real time. */
  readonly expireConnections: () => void;
  /** Drops all clients and closes the server. All state is lost. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts an emulator of Azure Web PubSub in this process.
 * @throws Error (EADDRINUSE) if the port is in use
 */
export async function startWebPubSubEmulator({
  port: requestedPort = 0,
  address = "127.0.0.1",
  accessKey = randomBytes(32).toString("base64"),
  hubs: hubNames,
  clock: now = Date.now,
  log = () => undefined,
  tls,
  acceptToken = () => false,
  limits,
}: WebPubSubEmulatorOptions = {}): Promise<WebPubSubEmulator> {
  const service = new Service({
    authentication: { key: accessKey, endpoint: () => endpoint, now, acceptToken },
    limits: { ...DEFAULT_LIMITS, ...limits },
    now,
    log,
    hubNames,
  });
  const clients = acceptClients(service);
  const serve = (request: IncomingMessage, response: ServerResponse) => void serveRest(service, request, response);
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.on("upgrade", clients.upgrade);
  server.listen(requestedPort, address);
  await once(server, "listening");

  const { port } = server.address() as AddressInfo;
  const origin = `${tls ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}`;
  const endpoint = `${origin}:${port}`;
  return {
    port,
    endpoint,
    connectionString: `Endpoint=${origin};Port=${port};AccessKey=${accessKey};Version=1.0;`,
    connections: () =>
      service.hubs().flatMap((hub) =>
        hub.all().map(({ id, userId, groups, isOpen }) => ({
          hub: hub.name,
          id,
          userId,
          groups: [...groups],
          isOpen,
        })),
      ),
    drop: (id) => {
      for (const connection of service.hubs().flatMap((hub) => hub.all())) {
        if (id === undefined || connection.id === id) connection.drop();
      }
    },
    expireConnections: () => {
      service.expireConnections();
    },
    stop: () => {
      service.stop();
      clients.stop();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}
