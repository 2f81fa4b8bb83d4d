import { CLOSE, type Connection } from "../connection.ts";
import { filterOf } from "../filter/filter.ts";
import { send, type Hub } from "../hub.ts";
import { Message } from "../message.ts";
import type { Permission } from "../permissions.ts";
import { Refusal } from "../refusal.ts";
import { contentOf, groupChange } from "./body.ts";
import { clientToken } from "./client-token.ts";
import { membersPage } from "./members-page.ts";
import type { Reply, RestRequest } from "./request.ts";

const OK: Reply = { status: 200 };
const ACCEPTED: Reply = { status: 202 };
const NO_CONTENT: Reply = { status: 204 };
const NOT_FOUND: Reply = { status: 404 };

type Operation = (request: RestRequest) => Reply;

/** The REST API by method and path below `/api/hubs/{hub}/`; each `*` is a name, handed over in order. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "POST :send": (request) => publish(request, request.hub.all()),
  "POST :generateToken": clientToken,
  "POST :closeConnections": (request) => close(request, request.hub.all()),
  "POST :addToGroups": (request) =>
    changeGroups(request, (hub, connection, group) => {
      hub.join(connection, group);
    }),
  "POST :removeFromGroups": (request) =>
    changeGroups(request, (hub, connection, group) => {
      hub.leave(connection, group);
    }),

  "HEAD connections/*": ({ hub, names: [id] }) => (hub.find(id) ? OK : NOT_FOUND),
  "DELETE connections/*": (request) => close(request, one(request.hub, request.names[0])),
  "POST connections/*/:send": (request) => publish(request, one(request.hub, request.names[0])),
  "DELETE connections/*/groups": ({ hub, names: [id] }) => {
    for (const connection of one(hub, id)) hub.leaveAll(connection);
    return NO_CONTENT;
  },

  "HEAD groups/*": ({ hub, names: [group] }) => (hub.members(group).length > 0 ? OK : NOT_FOUND),
  "POST groups/*/:send": (request) => publish(request, request.hub.members(request.names[0]), request.names[0]),
  "POST groups/*/:closeConnections": (request) => close(request, request.hub.members(request.names[0])),
  "GET groups/*/connections": membersPage,
  "PUT groups/*/connections/*": ({ hub, names: [group, id] }) => {
    hub.join(known(hub, id), group);
    return OK;
  },
  "DELETE groups/*/connections/*": ({ hub, names: [group, id] }) => {
    for (const connection of one(hub, id)) hub.leave(connection, group);
    return NO_CONTENT;
  },

  "HEAD users/*": ({ hub, names: [user] }) => (hub.ofUser(user).length > 0 ? OK : NOT_FOUND),
  "POST users/*/:send": (request) => publish(request, request.hub.ofUser(request.names[0])),
  "POST users/*/:closeConnections": (request) => close(request, request.hub.ofUser(request.names[0])),
  "DELETE users/*/groups": ({ hub, names: [user] }) => {
    for (const connection of hub.ofUser(user)) hub.leaveAll(connection);
    return NO_CONTENT;
  },
  "PUT users/*/groups/*": ({ hub, names: [user, group] }) => {
    for (const connection of hub.ofUser(user)) hub.join(connection, group);
    return OK;
  },
  "DELETE users/*/groups/*": ({ hub, names: [user, group] }) => {
    for (const connection of hub.ofUser(user)) hub.leave(connection, group);
    return NO_CONTENT;
  },

  "PUT permissions/*/connections/*": ({ hub, query, names: [permission, id] }) => {
    known(hub, id).permissions.grant(permissionOf(permission), query.get("targetName") ?? undefined);
    return OK;
  },
  "DELETE permissions/*/connections/*": ({ hub, query, names: [permission, id] }) => {
    known(hub, id).permissions.revoke(permissionOf(permission), query.get("targetName") ?? undefined);
    return NO_CONTENT;
  },
  "HEAD permissions/*/connections/*": ({ hub, query, names: [permission, id] }) => {
    const target = query.get("targetName") ?? undefined;
    return hub.find(id)?.permissions.holds(permissionOf(permission), target) ? OK : NOT_FOUND;
  },
};

function publish(request: RestRequest, targets: readonly Connection[], group?: string): Reply {
  const { query, now } = request;
  const ttl = Number(query.get("messageTtlSeconds") ?? 0);
  if (!(ttl >= 0 && ttl <= 300)) {
    throw new Refusal(
      400,
      "BadRequest",
      `messageTtlSeconds: expected 0 to 300, got ${query.get("messageTtlSeconds")}.`,
    );
  }
  const expiresAt = ttl === 0 ? Infinity : now + ttl * 1_000;
  const message = new Message(contentOf(request), group === undefined ? {} : { group }, expiresAt);
  const excluded = new Set(query.getAll("excluded"));
  const filter = filterOf(query.get("filter") ?? "true");
  send(message, targets, (connection) => !excluded.has(connection.id) && filter(connection));
  return ACCEPTED;
}

function close({ query }: RestRequest, targets: readonly Connection[]): Reply {
  const excluded = new Set(query.getAll("excluded"));
  const reason = query.get("reason") ?? "closed by the application";
  for (const connection of targets) {
    if (!excluded.has(connection.id)) connection.end(connection.isReliable ? CLOSE.gone : CLOSE.normal, reason);
  }
  return NO_CONTENT;
}

function changeGroups(request: RestRequest, change: (hub: Hub, connection: Connection, group: string) => void): Reply {
  const { groups, filter } = groupChange(request);
  const isMeant = filterOf(filter);
  for (const connection of request.hub.all().filter(isMeant)) {
    for (const group of groups) change(request.hub, connection, group);
  }
  return OK;
}

function one(hub: Hub, id: string): readonly Connection[] {
  const connection = hub.find(id);
  return connection ? [connection] : [];
}

function known(hub: Hub, id: string): Connection {
  const connection = hub.find(id);
  if (!connection) throw new Refusal(404, "NotFound", `connections: no connection ${id} in hub ${hub.name}.`);
  return connection;
}

function permissionOf(name: string): Permission {
  if (name === "joinLeaveGroup" || name === "sendToGroup") return name;
  throw new Refusal(400, "BadRequest", `permission: expected joinLeaveGroup or sendToGroup, got ${name}.`);
}
