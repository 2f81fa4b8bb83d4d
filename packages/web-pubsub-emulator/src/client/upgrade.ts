import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { clientClaims } from "../access.ts";
import { addressOf, decodedPart } from "../address.ts";
import { CLOSE, Connection, type Subprotocol } from "../connection.ts";
import type { Hub } from "../hub.ts";
import { Permissions } from "../permissions.ts";
import { Refusal } from "../refusal.ts";
import type { Service } from "../service.ts";
import { equalInConstantTime, type Claims } from "../token.ts";
import { listen, listenPlain } from "./listen.ts";

const SUBPROTOCOLS: readonly string[] = [
  "json.reliable.webpubsub.azure.v1",
  "json.webpubsub.azure.v1",
] satisfies Subprotocol[];

/** Takes WebSocket clients: `/client/hubs/{hub}?access_token=…`. What is wrong with a request is its HTTP answer. */
export function acceptClients(service: Service): {
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  stop: () => void;
} {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: service.limits.messageBytes,
    handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
  });
  return {
    upgrade(request, socket, head) {
      socket.on("error", () => undefined);
      try {
        const start = handshake(service, request);
        server.handleUpgrade(request, socket, head, start);
      } catch (error) {
        refuse(service, socket, error);
      }
    },
    stop() {
      for (const socket of server.clients) socket.terminate();
    },
  };
}

/** Decides about a client before it is let in. @returns what to do with its socket */
function handshake(service: Service, request: IncomingMessage): (socket: WebSocket) => void {
  const url = addressOf(request);
  const hubName = hubNameOf(url);
  const id = url.searchParams.get("awps_connection_id");
  const reconnectionToken = url.searchParams.get("awps_reconnection_token");
  if (id !== null && reconnectionToken !== null) {
    return (socket) => {
      recover(
        service,
        service.hubs().find(({ name }) => name === hubName),
        socket,
        { id, reconnectionToken },
      );
    };
  }
  const claims = clientClaims(service.access, request, hubName);
  const hub = service.hub(hubName);
  const offered = request.headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? [];
  if (offered.length > 0 && !offered.some((name) => SUBPROTOCOLS.includes(name))) {
    throw new Refusal(400, "BadRequest", `Expected no subprotocol or one of ${SUBPROTOCOLS.join(", ")}.`);
  }
  const permissions = new Permissions(listOf(claims.role));
  const target = publishTarget(url, permissions);
  return (socket) => {
    const connection = connect(service, hub, socket, claims, permissions);
    if (connection.subprotocol) listen(service, hub, connection, socket);
    else listenPlain(service, hub, connection, socket, target);
  };
}

function hubNameOf(url: URL): string {
  const match = /^\/client\/(?:hubs\/([^/]+))?\/?$/.exec(url.pathname);
  const name = match?.[1] ? decodedPart(match[1]) : url.searchParams.get("hub");
  if (!match || !name) throw new Refusal(404, "NotFound", `Expected /client/hubs/{hub}, got ${url.pathname}.`);
  return name;
}

function connect(service: Service, hub: Hub, socket: WebSocket, claims: Claims, permissions: Permissions): Connection {
  const connection = new Connection({
    userId: claims.sub,
    permissions,
    subprotocol: SUBPROTOCOLS.includes(socket.protocol) ? (socket.protocol as Subprotocol) : undefined,
    limits: service.limits,
    now: service.now,
    onEnd: (ended) => {
      hub.remove(ended);
    },
  });
  hub.add(connection);
  for (const group of listOf(claims["webpubsub.group"])) hub.join(connection, group);
  connection.attach(socket);
  service.log("connected", { hub: hub.name, connection: connection.id, user: connection.userId });
  return connection;
}

/** A reliable client is back. One that is not known any more is told so by 1008, which no HTTP status would say. */
function recover(
  service: Service,
  hub: Hub | undefined,
  socket: WebSocket,
  { id, reconnectionToken }: { id: string; reconnectionToken: string },
): void {
  service.wake();
  const connection = hub?.find(id);
  const isKnown =
    connection?.isReliable === true && equalInConstantTime(reconnectionToken, connection.reconnectionToken);
  if (!hub || !isKnown || socket.protocol !== connection.subprotocol) {
    socket.on("error", () => undefined);
    socket.send(
      JSON.stringify({ type: "system", event: "disconnected", message: "The connection cannot be recovered." }),
    );
    socket.close(CLOSE.gone, "The connection cannot be recovered.");
    return;
  }
  connection.attach(socket);
  listen(service, hub, connection, socket);
  service.log("recovered", { hub: hub.name, connection: id });
}

function publishTarget(url: URL, permissions: Permissions): string | undefined {
  if (url.searchParams.get("webpubsub_mode") !== "sendToGroup") return undefined;
  const group = url.searchParams.get("group");
  if (!group)
    throw new Refusal(400, "BadRequest", "group: expected the group to send to in webpubsub_mode=sendToGroup.");
  if (!permissions.allows("sendToGroup", group)) {
    throw new Refusal(403, "Forbidden", `Expected the role webpubsub.sendToGroup.${group}.`);
  }
  return group;
}

function refuse(service: Service, socket: Duplex, error: unknown): void {
  const { status, body, message } =
    error instanceof Refusal ? error : new Refusal(500, "InternalServerError", String(error));
  service.log("client_refused", { status, message });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function listOf(claim: string | readonly string[] | undefined): readonly string[] {
  return claim === undefined ? [] : typeof claim === "string" ? [claim] : claim;
}
