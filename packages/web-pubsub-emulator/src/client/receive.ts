import type { RawData, WebSocket } from "ws";
import { CLOSE, type Connection } from "../connection.ts";
import type { Hub } from "../hub.ts";
import type { Content } from "../message.ts";
import type { Service } from "../service.ts";
import { parseFrame } from "./frame.ts";
import { handleFrame, publish } from "./handle-frame.ts";

/** Receives the frames of a client with a JSON subprotocol. An invalid frame ends the connection with the reason. */
export function receiveFrames(service: Service, hub: Hub, connection: Connection, socket: WebSocket): void {
  socket.on("message", (data) => {
    if (!connection.uses(socket)) return;
    try {
      handleFrame(hub, connection, parseFrame(bytesOf(data).toString()));
    } catch (error) {
      connection.end(CLOSE.invalidFrame, `Invalid frame: ${(error as Error).message}`);
    }
  });
  endWithSocket(service, connection, socket);
}

/** Receives messages of a client without subprotocol, and sends them to `group`. Without a group it drops them. */
export function receivePlain(
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
  endWithSocket(service, connection, socket);
}

function endWithSocket(service: Service, connection: Connection, socket: WebSocket): void {
  socket.on("error", (error: Error & { code?: string }) => {
    // ws has already closed the socket with the code for the broken rule, such as 1009 for a frame that is too large.
    if (error.code?.startsWith("WS_ERR_")) connection.end(CLOSE.invalidFrame, error.message);
  });
  socket.on("close", (code) => {
    // 1006: the network broke. Any other code: the client sent a close frame and does not recover.
    if (code === 1006) connection.detach(socket);
    else if (connection.uses(socket)) connection.end(CLOSE.normal, "the client left");
    service.log("disconnected", { connection: connection.id, code });
    service.scheduleExpiry();
  });
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
