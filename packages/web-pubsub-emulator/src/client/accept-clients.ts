import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { authenticateClient } from "../authentication.ts";
import { CLOSE, Connection, type Subprotocol } from "../connection.ts";
import { badRequest, HttpError, httpErrorOf, notFound } from "../http-error.ts";
import type { Hub } from "../hub.ts";
import { Permissions } from "../permissions.ts";
import { decodeSegment, requestUrl } from "../request-url.ts";
import type { Service } from "../service.ts";
import { type Claims, equalInConstantTime } from "../token.ts";
import { receiveFrames, receivePlain } from "./receive.ts";

const SUBPROTOCOLS: readonly string[] = [
  "json.reliable.webpubsub.azure.v1",
  "json.webpubsub.azure.v1",
] satisfies Subprotocol[];

const NOT_RECOVERABLE = "The connection cannot be recovered.";

/** Accepts WebSocket clients at `/client/hubs/{hub}?access_token=…`. Answers an invalid request with an HTTP error. */
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
        const start = prepare(service, request);
        server.handleUpgrade(request, socket, head, start);
      } catch (error) {
        refuse(service, socket, httpErrorOf(error));
      }
    },
    stop() {
      for (const socket of server.clients) socket.terminate();
    },
  };
}

/** Checks the request before the upgrade. @returns what to do with the client's socket */
function prepare(service: Service, request: IncomingMessage): (socket: WebSocket) => void {
  const url = requestUrl(request);
  const hubName = hubNameOf(url);
  const id = url.searchParams.get("awps_connection_id");
  const reconnectionToken = url.searchParams.get("awps_reconnection_token");
  if (id !== null && reconnectionToken !== null) {
    return (socket) => {
      recover(service, socket, { hubName, id, reconnectionToken });
    };
  }
  const claims = authenticateClient(service.authentication, request, hubName);
  const hub = service.hub(hubName);
  const offered = request.headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? [];
  if (offered.length > 0 && !offered.some((name) => SUBPROTOCOLS.includes(name))) {
    throw badRequest(`Expected no subprotocol or one of ${SUBPROTOCOLS.join(", ")}.`);
  }
  const permissions = new Permissions(listOf(claims.role));
  const target = targetGroup(url, permissions);
  return (socket) => {
    const connection = connect(service, hub, socket, claims, permissions);
    if (connection.subprotocol) receiveFrames(service, hub, connection, socket);
    else receivePlain(service, hub, connection, socket, target);
  };
}

function hubNameOf(url: URL): string {
  const match = /^\/client\/(?:hubs\/([^/]+))?\/?$/.exec(url.pathname);
  const name = match?.[1] ? decodeSegment(match[1]) : url.searchParams.get("hub");
  if (!match || !name) throw notFound(`Expected /client/hubs/{hub}, got ${url.pathname}.`);
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

/** Attaches a reliable client to its connection again. An unknown connection ends with 1008, as clients expect it. */
function recover(
  service: Service,
  socket: WebSocket,
  { hubName, id, reconnectionToken }: { hubName: string; id: string; reconnectionToken: string },
): void {
  service.expireConnections();
  const hub = service.hubs().find(({ name }) => name === hubName);
  const connection = hub?.find(id);
  const isRecoverable =
    connection?.isReliable === true &&
    socket.protocol === connection.subprotocol &&
    equalInConstantTime(reconnectionToken, connection.reconnectionToken);
  if (!hub || !isRecoverable) {
    socket.on("error", () => undefined);
    socket.send(JSON.stringify({ type: "system", event: "disconnected", message: NOT_RECOVERABLE }));
    socket.close(CLOSE.gone, NOT_RECOVERABLE);
    return;
  }
  connection.attach(socket);
  receiveFrames(service, hub, connection, socket);
  service.log("recovered", { hub: hub.name, connection: id });
}

/** The group to which a client without subprotocol sends. */
function targetGroup(url: URL, permissions: Permissions): string | undefined {
  if (url.searchParams.get("webpubsub_mode") !== "sendToGroup") return undefined;
  const group = url.searchParams.get("group");
  if (!group) throw badRequest("group: expected the target group of webpubsub_mode=sendToGroup, got nothing.");
  if (permissions.allows("sendToGroup", group)) return group;
  throw new HttpError(403, "Forbidden", `Expected the role webpubsub.sendToGroup.${group}.`);
}

function refuse(service: Service, socket: Duplex, { status, message, body }: HttpError): void {
  service.log("client_refused", { status, message });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function listOf(claim: string | readonly string[] | undefined): readonly string[] {
  if (claim === undefined) return [];
  return typeof claim === "string" ? [claim] : claim;
}
