import { CLOSE, type Connection } from "../connection.ts";
import { parseFilter } from "../filter.ts";
import { badRequest, notFound } from "../http-error.ts";
import { deliver, type Hub } from "../hub.ts";
import { Message } from "../message.ts";
import type { Permission } from "../permissions.ts";
import { clientToken } from "./client-token.ts";
import { membersPage } from "./members-page.ts";
import { groupChange, messageContent } from "./request-body.ts";
import type { Reply, RestRequest } from "./rest-request.ts";

const OK: Reply = { status: 200 };
const ACCEPTED: Reply = { status: 202 };
const NO_CONTENT: Reply = { status: 204 };
const NOT_FOUND: Reply = { status: 404 };

/** The REST operations by method and path below `/api/hubs/{hub}/`. Each `*` is an entry of `names`, in order. */
export const OPERATIONS = new Map<string, (request: RestRequest) => Reply>([
  ["POST :send", (request) => publish(request, request.hub.all())],
  ["POST :generateToken", clientToken],
  ["POST :closeConnections", (request) => close(request, request.hub.all())],
  ["POST :addToGroups", (request) => changeGroups(request, "join")],
  ["POST :removeFromGroups", (request) => changeGroups(request, "leave")],

  ["HEAD connections/*", ({ hub, names: [id] }) => (hub.find(id) ? OK : NOT_FOUND)],
  ["DELETE connections/*", (request) => close(request, withId(request.hub, request.names[0]))],
  ["POST connections/*/:send", (request) => publish(request, withId(request.hub, request.names[0]))],
  ["DELETE connections/*/groups", ({ hub, names: [id] }) => leaveAll(hub, withId(hub, id))],

  ["HEAD groups/*", ({ hub, names: [group] }) => (hub.members(group).length > 0 ? OK : NOT_FOUND)],
  ["POST groups/*/:send", (request) => publish(request, request.hub.members(request.names[0]), request.names[0])],
  ["POST groups/*/:closeConnections", (request) => close(request, request.hub.members(request.names[0]))],
  ["GET groups/*/connections", membersPage],
  ["PUT groups/*/connections/*", ({ hub, names: [group, id] }) => join(hub, [existing(hub, id)], group)],
  ["DELETE groups/*/connections/*", ({ hub, names: [group, id] }) => leave(hub, withId(hub, id), group)],

  ["HEAD users/*", ({ hub, names: [user] }) => (hub.ofUser(user).length > 0 ? OK : NOT_FOUND)],
  ["POST users/*/:send", (request) => publish(request, request.hub.ofUser(request.names[0]))],
  ["POST users/*/:closeConnections", (request) => close(request, request.hub.ofUser(request.names[0]))],
  ["DELETE users/*/groups", ({ hub, names: [user] }) => leaveAll(hub, hub.ofUser(user))],
  ["PUT users/*/groups/*", ({ hub, names: [user, group] }) => join(hub, hub.ofUser(user), group)],
  ["DELETE users/*/groups/*", ({ hub, names: [user, group] }) => leave(hub, hub.ofUser(user), group)],

  [
    "PUT permissions/*/connections/*",
    ({ hub, query, names: [permission, id] }) => {
      existing(hub, id).permissions.grant(permissionOf(permission), query.get("targetName") ?? undefined);
      return OK;
    },
  ],
  [
    "DELETE permissions/*/connections/*",
    ({ hub, query, names: [permission, id] }) => {
      existing(hub, id).permissions.revoke(permissionOf(permission), query.get("targetName") ?? undefined);
      return NO_CONTENT;
    },
  ],
  [
    "HEAD permissions/*/connections/*",
    ({ hub, query, names: [permission, id] }) => {
      const target = query.get("targetName") ?? undefined;
      return hub.find(id)?.permissions.holds(permissionOf(permission), target) ? OK : NOT_FOUND;
    },
  ],
]);

function publish(request: RestRequest, targets: readonly Connection[], group?: string): Reply {
  const { query, now } = request;
  const ttl = Number(query.get("messageTtlSeconds") ?? 0);
  if (!(ttl >= 0 && ttl <= 300)) {
    throw badRequest(`messageTtlSeconds: expected 0 to 300, got ${query.get("messageTtlSeconds")}.`);
  }
  const message = new Message(messageContent(request), { group }, ttl === 0 ? Infinity : now + ttl * 1_000);
  const excluded = new Set(query.getAll("excluded"));
  const matches = parseFilter(query.get("filter") ?? "true");
  deliver(message, targets, (connection) => !excluded.has(connection.id) && matches(connection));
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

function changeGroups(request: RestRequest, change: "join" | "leave"): Reply {
  const { hub } = request;
  const { groups, filter } = groupChange(request);
  for (const connection of hub.all().filter(parseFilter(filter))) {
    for (const group of groups) hub[change](connection, group);
  }
  return OK;
}

function join(hub: Hub, connections: readonly Connection[], group: string): Reply {
  for (const connection of connections) hub.join(connection, group);
  return OK;
}

function leave(hub: Hub, connections: readonly Connection[], group: string): Reply {
  for (const connection of connections) hub.leave(connection, group);
  return NO_CONTENT;
}

function leaveAll(hub: Hub, connections: readonly Connection[]): Reply {
  for (const connection of connections) hub.leaveAll(connection);
  return NO_CONTENT;
}

function withId(hub: Hub, id: string): readonly Connection[] {
  const connection = hub.find(id);
  return connection ? [connection] : [];
}

function existing(hub: Hub, id: string): Connection {
  const connection = hub.find(id);
  if (!connection) throw notFound(`connections: hub ${hub.name} has no connection ${id}.`);
  return connection;
}

function permissionOf(name: string): Permission {
  if (name === "joinLeaveGroup" || name === "sendToGroup") return name;
  throw badRequest(`permission: expected joinLeaveGroup or sendToGroup, got ${name}.`);
}
