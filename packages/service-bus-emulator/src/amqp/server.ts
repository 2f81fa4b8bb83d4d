import type { AddressInfo, Server, Socket } from "node:net";
import type { Broker } from "../broker.ts";
import type { Log } from "../log.ts";
import { ClientConnection } from "./connection.ts";
import type { Connection, Container, Context } from "./rhea.ts";
import { createContainer } from "./rhea.ts";

export interface AmqpServer {
  readonly port: number;
  /** Number of clients. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

/** The defaults of rhea are for clients: it grants credit, accepts and settles by itself. */
const SERVER_DEFAULTS = {
  credit_window: 0,
  autoaccept: false,
  treat_modified_as_released: false,
};

/** Listens for clients. Rejects when the port is taken. */
export async function listen(broker: Broker, address: string, port: number, log: Log): Promise<AmqpServer> {
  const clients = new Map<Connection, ClientConnection>();
  const container = createContainer(SERVER_DEFAULTS);
  const drop = (connection: Connection): void => {
    clients.get(connection)?.close();
    clients.delete(connection);
  };
  container.on("connection_open", ({ connection }) => {
    clients.set(connection, new ClientConnection(broker, connection, log));
    // rhea misses some of the ways in which a socket ends.
    connection.socket.once("close", () => {
      connection._disconnected();
      drop(connection);
    });
  });
  container.on("connection_close", ({ connection }) => {
    drop(connection);
  });
  container.on("disconnected", ({ connection }) => {
    drop(connection);
  });
  container.on("session_open", ({ session, connection }) => clients.get(connection)?.openSession(session));
  container.on("session_close", ({ session, connection }) => clients.get(connection)?.closeSession(session));
  container.on("sender_open", ({ sender, connection }) => clients.get(connection)?.openSender(sender));
  container.on("receiver_open", ({ receiver, connection }) => clients.get(connection)?.openReceiver(receiver));
  container.on("sender_close", ({ sender, connection }) => clients.get(connection)?.closeLink(sender));
  container.on("receiver_close", ({ receiver, connection }) => clients.get(connection)?.closeLink(receiver));
  logErrors(container, log);

  const server = container.listen({
    port,
    host: address,
    tcp_no_delay: true,
    reconnect: false,
    // Unsettled messages fill the buffer, and a slow receiver can leave many unsettled.
    session_buffer_size: { incoming: 2_048, outgoing: 65_536 },
  });
  const sockets = trackSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => clients.size,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An error event without a listener ends the process. */
function logErrors(container: Container, log: Log): void {
  for (const event of [
    "error",
    "protocol_error",
    "connection_error",
    "session_error",
    "sender_error",
    "receiver_error",
  ]) {
    container.on(event, (context: Context | Error) => {
      const error = context instanceof Error ? context : context.error;
      log(event, { error: error?.message });
    });
  }
}

function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}
