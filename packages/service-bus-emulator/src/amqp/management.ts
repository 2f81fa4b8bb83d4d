import type { Broker } from "../broker.ts";
import type { Entity } from "../entity.ts";
import type { Delivery, Settlement } from "../message.ts";
import { decodeMessage } from "./decode-message.ts";
import { encodeDelivery } from "./encode-delivery.ts";
import { overridesOf } from "./encoding.ts";
import {
  malformed,
  messageLockLost,
  messageNotFound,
  notImplemented,
  sessionLockLost,
  unknownEntity,
} from "./errors.ts";
import { guidBytes, guidOf } from "./guid.ts";
import { requireSessionIds } from "./incoming.ts";
import { types } from "./rhea.ts";

const LONG = 0x81;
const TIMESTAMP = 0x83;

export interface Reply {
  readonly body?: unknown;
  readonly statusCode: number;
  readonly properties?: Readonly<Record<string, unknown>>;
}

export interface Request {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
}

type Body = Request["body"];
type Operation = (broker: Broker, path: string, body: Body) => Reply;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  "com.microsoft:schedule-message": schedule,
  "com.microsoft:cancel-scheduled-message": cancel,
  "com.microsoft:peek-message": peek,
  "com.microsoft:renew-lock": renewLock,
  "com.microsoft:update-disposition": updateDisposition,
  "com.microsoft:receive-by-sequence-number": receiveDeferred,
  "com.microsoft:renew-session-lock": renewSession,
  "com.microsoft:get-session-state": getSessionState,
  "com.microsoft:set-session-state": setSessionState,
};

export function runOperation(broker: Broker, path: string, { operation, body }: Request): Reply {
  const run = OPERATIONS[operation];
  if (!run) throw notImplemented(operation);
  return run(broker, path, body);
}

function schedule(broker: Broker, path: string, body: Body): Reply {
  const target = broker.target(path);
  if (!target) throw unknownEntity(path, broker.paths());
  const messages = list(body, "messages") as { message?: unknown }[];
  const decoded = messages.map(({ message }) => {
    if (!Buffer.isBuffer(message)) throw malformed("expected 'message' to be an encoded message");
    return decodeMessage(Buffer.from(message));
  });
  requireSessionIds(target, decoded);
  const sequences = broker.publish(target, decoded);
  return { statusCode: 200, body: { "sequence-numbers": types.wrap_array(sequences, LONG) } };
}

function cancel(broker: Broker, path: string, body: Body): Reply {
  const missing = entityAt(broker, path).run((queue) => queue.cancel(sequenceNumbers(body)));
  if (missing !== undefined) throw messageNotFound(missing);
  return { statusCode: 200 };
}

function peek(broker: Broker, path: string, body: Body): Reply {
  const from = longOf(body["from-sequence-number"]);
  const limit = Number(body["message-count"]);
  const sessionId = body["session-id"];
  const found = entityAt(broker, path).run((queue) =>
    queue.peek(from, limit, typeof sessionId === "string" ? sessionId : undefined),
  );
  if (found.length === 0) return { statusCode: 204 };
  return { statusCode: 200, body: { messages: found.map((delivery) => ({ message: encodeDelivery(delivery) })) } };
}

function renewLock(broker: Broker, path: string, body: Body): Reply {
  const ends = lockTokens(body).map((token) => entityAt(broker, path).run((queue, now) => queue.renewLock(token, now)));
  if (ends.includes(undefined)) throw messageLockLost();
  return { statusCode: 200, body: { expirations: types.wrap_array(ends, TIMESTAMP) } };
}

function updateDisposition(broker: Broker, path: string, body: Body): Reply {
  const settlement = settlementOf(body);
  const settled = lockTokens(body).map((token) =>
    entityAt(broker, path).run((queue) => queue.settle(token, settlement)),
  );
  if (settled.includes(false)) throw messageLockLost();
  return { statusCode: 200 };
}

function receiveDeferred(broker: Broker, path: string, body: Body): Reply {
  const mode = body["receiver-settle-mode"] === 0 ? "receiveAndDelete" : "peekLock";
  const sequences = sequenceNumbers(body);
  const found = entityAt(broker, path).run((queue, now) => {
    const sessionId = body["session-id"];
    if (queue.requiresSession && (typeof sessionId !== "string" || !queue.sessions.isLocked(sessionId))) {
      throw sessionLockLost(String(sessionId));
    }
    const missing = sequences.find((sequence) => !queue.hasDeferred(sequence));
    if (missing !== undefined) throw messageNotFound(missing);
    return sequences.flatMap((sequence) => {
      const delivery = queue.receiveDeferred(sequence, mode, now);
      return delivery ? [lockedEntry(delivery)] : [];
    });
  });
  return { statusCode: 200, body: { messages: found } };
}

function lockedEntry(delivery: Delivery): object {
  const token = delivery.lock?.token ?? "00000000-0000-0000-0000-000000000000";
  return { "lock-token": types.wrap_uuid(guidBytes(token)), message: encodeDelivery(delivery) };
}

function renewSession(broker: Broker, path: string, body: Body): Reply {
  const sessionId = String(body["session-id"]);
  const until = entityAt(broker, path).run((queue, now) => queue.renewSession(sessionId, now));
  if (until === undefined) throw sessionLockLost(sessionId);
  return { statusCode: 200, body: { expiration: types.wrap_timestamp(until) } };
}

function getSessionState(broker: Broker, path: string, body: Body): Reply {
  const state = entityAt(broker, path).queue.sessionState(String(body["session-id"]));
  return { statusCode: 200, body: { "session-state": state ?? null } };
}

function setSessionState(broker: Broker, path: string, body: Body): Reply {
  const state = body["session-state"];
  const sessionId = String(body["session-id"]);
  entityAt(broker, path).run((queue) => {
    if (!queue.sessions.isLocked(sessionId)) throw sessionLockLost(sessionId);
    queue.setSessionState(sessionId, Buffer.isBuffer(state) ? Buffer.from(state) : undefined);
  });
  return { statusCode: 200 };
}

function settlementOf(body: Body): Settlement {
  const status = body["disposition-status"];
  const overrides = modifiedProperties(body["properties-to-modify"]);
  switch (status) {
    case "completed":
      return { kind: "complete" };
    case "abandoned":
      return { kind: "abandon", overrides };
    case "defered":
      return { kind: "defer", overrides };
    case "suspended": {
      const [reason, description] = [body["deadletter-reason"], body["deadletter-description"]];
      const deadLetter = {
        ...(typeof reason === "string" ? { reason } : {}),
        ...(typeof description === "string" ? { description } : {}),
      };
      return { kind: "deadLetter", deadLetter, overrides };
    }
    default:
      throw malformed(`expected disposition-status completed, abandoned, defered or suspended, got ${String(status)}`);
  }
}

function modifiedProperties(properties: unknown) {
  return overridesOf(Object.entries(properties ?? {}).map(([name, value]) => [name, types.wrap(value)]));
}

function entityAt(broker: Broker, path: string): Entity {
  const entity = broker.entity(path);
  if (!entity) throw unknownEntity(path, broker.paths());
  return entity;
}

function lockTokens(body: Body): string[] {
  return list(body, "lock-tokens").map((token) => {
    if (!Buffer.isBuffer(token)) throw malformed("expected 'lock-tokens' to be UUIDs");
    return guidOf(token);
  });
}

const sequenceNumbers = (body: Body): number[] => list(body, "sequence-numbers").map(longOf);

/** rhea decodes a long beyond 2^53 as bytes. */
function longOf(value: unknown): number {
  return Buffer.isBuffer(value) ? Number(value.readBigInt64BE()) : Number(value);
}

function list(body: Body, name: string): unknown[] {
  const value = body[name];
  if (!Array.isArray(value)) throw malformed(`expected '${name}' to be a list`);
  return value as unknown[];
}
