import type { RawData, WebSocket } from "ws";
import { CLOSE, type Connection } from "../connection.ts";
import type { Hub } from "../hub.ts";
import type { Content } from "../message.ts";
import type { Service } from "../service.ts";
import { answer, publish } from "./answer.ts";
import { readRequest } from "./request.ts";

/** Hears a client of a JSON subprotocol. A frame that cannot be read ends its connection, with the reason. */
export function listen(service: Service, hub: Hub, connection: Connection, socket: WebSocket): void {
  socket.on("message", (data) => {
    if (!connection.uses(socket)) return;
    try {
      answer(hub, connection, readRequest(bytesOf(data).toString()));
    } catch (error) {
      connection.end(CLOSE.invalidFrame, `Invalid frame: ${(error as Error).message}`);
    }
  });
  watchEnd(service, connection, socket);
}

/** Hears a client without subprotocol: what it says is an event, which goes nowhere, or a message to the one group it named. */
export function listenPlain(
  service: Service,
  hub: Hub,
  connection: Connection,
  socket: WebSocket,
  group: string | undefined,
): void {
  socket.on("message", (data, isBinary) => {
    if (group === undefined) return;
    const bytes = bytesOf(data);
    const content: Content = isBinary ? { dataType: "binary", bytes } : { dataType: "text", text: bytes.toString() };
    publish(hub, connection, { group, content, noEcho: false });
  });
  watchEnd(service, connection, socket);
}

function watchEnd(service: Service, connection: Connection, socket: WebSocket): void {
  socket.on("error", (error: Error & { code?: string }) => {
    // The library has answered a frame that breaks the WebSocket rules with its code (1009: too large) by itself.
    if (error.code?.startsWith("WS_ERR_")) connection.end(CLOSE.invalidFrame, error.message);
  });
  socket.on("close", (code) => {
    // A close frame is a goodbye; 1006 means that there was none.
    if (code === 1006) connection.lose(socket);
    else if (connection.uses(socket)) connection.end(CLOSE.normal, "the client left");
    service.log("disconnected", { connection: connection.id, code });
    service.scheduleWake();
  });
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
