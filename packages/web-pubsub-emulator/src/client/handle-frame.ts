import type { Connection } from "../connection.ts";
import { deliver, type Hub } from "../hub.ts";
import { type Content, Message } from "../message.ts";
import type { ClientFrame } from "./frame.ts";

/** Executes a client's request if its permissions allow it, and acknowledges it if it has an `ackId`. */
export function handleFrame(hub: Hub, connection: Connection, frame: ClientFrame): void {
  switch (frame.type) {
    case "ping":
      connection.reply({ type: "pong" });
      return;
    case "sequenceAck":
      connection.acknowledge(frame.sequenceId);
      return;
    case "joinGroup":
      withAck(connection, frame, "joinLeaveGroup", () => {
        hub.join(connection, frame.group);
      });
      return;
    case "leaveGroup":
      withAck(connection, frame, "joinLeaveGroup", () => {
        hub.leave(connection, frame.group);
      });
      return;
    case "sendToGroup":
      withAck(connection, frame, "sendToGroup", () => {
        publish(hub, connection, frame);
      });
      return;
    case "event":
      // The emulator has no event handlers: it acknowledges an event and drops it.
      if (frame.ackId !== undefined) connection.reply(ack(frame.ackId));
      return;
    case "invoke":
      connection.reply({
        type: "invokeResponse",
        invocationId: frame.invocationId,
        success: false,
        error: { name: "InvocationFailed", message: "The emulator has no event handlers." },
      });
      return;
    case "cancelInvocation":
      return;
  }
}

/** Sends a client's message to a group, with the client's user id. */
export function publish(
  hub: Hub,
  sender: Connection,
  { group, content, noEcho }: { readonly group: string; readonly content: Content; readonly noEcho: boolean },
): void {
  const message = new Message(content, { group, userId: sender.userId });
  deliver(message, hub.members(group), (connection) => !noEcho || connection !== sender);
}

/** Executes a request once per `ackId`: a client that missed the ack sends the request again with the same `ackId`. */
function withAck(
  connection: Connection,
  { type, group, ackId }: { readonly type: string; readonly group: string; readonly ackId: number | undefined },
  permission: "joinLeaveGroup" | "sendToGroup",
  execute: () => void,
): void {
  if (ackId !== undefined && connection.hasProcessed(ackId)) {
    connection.reply(ack(ackId, { name: "Duplicate", message: `Message with ack-id: ${ackId} has been processed` }));
  } else if (!connection.permissions.allows(permission, group)) {
    const message = `${type} needs the role webpubsub.${permission} or webpubsub.${permission}.${group}`;
    if (ackId !== undefined) connection.reply(ack(ackId, { name: "Forbidden", message }));
  } else {
    execute();
    if (ackId === undefined) return;
    connection.markProcessed(ackId);
    connection.reply(ack(ackId));
  }
}

function ack(ackId: number, error?: { readonly name: "Forbidden" | "Duplicate"; readonly message: string }): object {
  return { type: "ack", ackId, success: error === undefined, error };
}
