import type { Socket } from "node:net";
import type { ServiceBusClient } from "@azure/service-bus";

/** Parts of the client that it does not export. */
interface Inner {
  readonly _connectionContext?: { readonly connection?: { readonly _connection?: { readonly socket?: Socket } } };
}

/**
 * Drops the connection of a client to a silent broker. `close` of the client would wait a minute for answers and reject
 * a promise that no caller has. The broker releases the messages of a dropped connection.
 * shared/messaging/sever-connection.ts is the same: app and local host import nothing of each other.
 */
export function cutConnection(client: ServiceBusClient): void {
  (client as unknown as Inner)._connectionContext?.connection?._connection?.socket?.destroy();
}
