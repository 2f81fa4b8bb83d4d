import type { Connection } from "../connection.ts";
import { send, type Hub } from "../hub.ts";
import { Message } from "../message.ts";
import type { ClientRequest } from "./request.ts";

/** Does what a client asks for, as far as its permissions go, and acknowledges it when it wants that. */
export function answer(hub: Hub, connection: Connection, request: ClientRequest): void {
  switch (request.type) {
    case "ping":
      connection.answer({ type: "pong" });
      return;
    case "sequenceAck":
      connection.acknowledge(request.sequenceId);
      return;
    case "joinGroup":
      acknowledged(connection, request, "joinLeaveGroup", () => {
        hub.join(connection, request.group);
      });
      return;
    case "leaveGroup":
      acknowledged(connection, request, "joinLeaveGroup", () => {
        hub.leave(connection, request.group);
      });
      return;
    case "sendToGroup":
      acknowledged(connection, request, "sendToGroup", () => {
        publish(hub, connection, request);
      });
      return;
    case "event":
      // No event handler stands behind this service: an event is taken, and goes nowhere.
      if (request.ackId !== undefined) connection.answer(ack(request.ackId));
      return;
    case "invoke":
      connection.answer({
        type: "invokeResponse",
        invocationId: request.invocationId,
        success: false,
        error: { name: "InvocationFailed", message: "No event handler stands behind this service." },
      });
      return;
    case "cancelInvocation":
      return;
  }
}

/** Sends a client's message to a group, as a user's message. */
export function publish(
  hub: Hub,
  sender: Connection,
  { group, content, noEcho }: Pick<Extract<ClientRequest, { type: "sendToGroup" }>, "group" | "content" | "noEcho">,
): void {
  const message = new Message(content, { group, ...(sender.userId !== undefined && { userId: sender.userId }) });
  send(message, hub.members(group), (connection) => !noEcho || connection !== sender);
}

/** Once per ackId: a client that missed the ack asks again with the same one. Without one, a refusal stays unsaid. */
function acknowledged(
  connection: Connection,
  { type, group, ackId }: { readonly type: string; readonly group: string; readonly ackId?: number },
  permission: "joinLeaveGroup" | "sendToGroup",
  act: () => void,
): void {
  if (ackId !== undefined && connection.hasDone(ackId)) {
    connection.answer(ack(ackId, "Duplicate", `Message with ack-id: ${ackId} has been processed`));
  } else if (!connection.permissions.allows(permission, group)) {
    const message = `${type} needs the role webpubsub.${permission} or webpubsub.${permission}.${group}`;
    if (ackId !== undefined) connection.answer(ack(ackId, "Forbidden", message));
  } else {
    act();
    if (ackId === undefined) return;
    connection.remember(ackId);
    connection.answer(ack(ackId));
  }
}

function ack(ackId: number, name?: "Forbidden" | "Duplicate", message?: string): object {
  return name
    ? { type: "ack", ackId, success: false, error: { name, message } }
    : { type: "ack", ackId, success: true };
}
