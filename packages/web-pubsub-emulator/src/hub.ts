import type { Connection } from "./connection.ts";
import type { Message } from "./message.ts";

/** The connections of a hub by id, group and user. Hubs share nothing. */
export class Hub {
  readonly name: string;
  readonly #connections = new Map<string, Connection>();
  readonly #groups = new Map<string, Set<Connection>>();
  readonly #users = new Map<string, Set<Connection>>();

  constructor(name: string) {
    this.name = name;
  }

  add(connection: Connection): void {
    this.#connections.set(connection.id, connection);
    if (connection.userId !== undefined) addTo(this.#users, connection.userId, connection);
  }

  remove(connection: Connection): void {
    this.leaveAll(connection);
    if (connection.userId !== undefined) removeFrom(this.#users, connection.userId, connection);
    this.#connections.delete(connection.id);
  }

  join(connection: Connection, group: string): void {
    connection.groups.add(group);
    addTo(this.#groups, group, connection);
  }

  leave(connection: Connection, group: string): void {
    connection.groups.delete(group);
    removeFrom(this.#groups, group, connection);
  }

  leaveAll(connection: Connection): void {
    for (const group of connection.groups) this.leave(connection, group);
  }

  find(id: string): Connection | undefined {
    return this.#connections.get(id);
  }

  all(): readonly Connection[] {
    return [...this.#connections.values()];
  }

  members(group: string): readonly Connection[] {
    return [...(this.#groups.get(group) ?? [])];
  }

  ofUser(userId: string): readonly Connection[] {
    return [...(this.#users.get(userId) ?? [])];
  }
}

/** Delivers a message to the targets that match. Selects first: a delivery can end a connection. */
export function deliver(
  message: Message,
  targets: readonly Connection[],
  matches: (connection: Connection) => boolean,
): void {
  for (const connection of targets.filter(matches)) connection.deliver(message);
}

function addTo(index: Map<string, Set<Connection>>, key: string, connection: Connection): void {
  const set = index.get(key);
  if (set) set.add(connection);
  else index.set(key, new Set([connection]));
}

function removeFrom(index: Map<string, Set<Connection>>, key: string, connection: Connection): void {
  const set = index.get(key);
  set?.delete(connection);
  if (set?.size === 0) index.delete(key);
}
