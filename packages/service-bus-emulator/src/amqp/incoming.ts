import type { Broker, IncomingMessage, Target } from "../broker.ts";
import { Entity } from "../entity.ts";
import { decodeBatch, decodeMessage } from "./decode-message.ts";
import type { Dispositions } from "./dispositions.ts";
import { asBrokerError, messageTooLarge, sessionRequired } from "./errors.ts";
import type { Context, Receiver } from "./rhea.ts";

const MAX_MESSAGE_BYTES = 262_144;
const BATCH_FORMAT = 0x80013700;
const CREDIT = 1_000;

/** Serves a link on which a client sends to a queue or topic. It accepts a transfer once the messages are on disk. */
export function serveIncoming(broker: Broker, target: Target, link: Receiver, dispositions: Dispositions): void {
  link.local.attach["max_message_size"] = MAX_MESSAGE_BYTES;
  link.on("message", ({ delivery, message, format }: Context) => {
    try {
      broker.publish(target, decodeTransfer(target, message, format));
      broker.whenDurable(() => {
        dispositions.accept(delivery);
      });
    } catch (error) {
      dispositions.reject(delivery, asBrokerError(error));
    }
    if (link.credit < CREDIT / 2) link.add_credit(CREDIT - link.credit);
  });
  link.add_credit(CREDIT);
}

function decodeTransfer(target: Target, bytes: Buffer, format: number): IncomingMessage[] {
  if (bytes.length > MAX_MESSAGE_BYTES) throw messageTooLarge(bytes.length, MAX_MESSAGE_BYTES);
  // A copy: the bytes are a slice of what the socket read, and a stored message would keep all of it in memory.
  const messages = format === BATCH_FORMAT ? decodeBatch(bytes) : [decodeMessage(Buffer.from(bytes))];
  requireSessionIds(target, messages);
  return messages;
}

/** Checks all messages before the broker stores the first one. Throws a BrokerError. */
export function requireSessionIds(target: Target, messages: readonly IncomingMessage[]): void {
  const entities = target instanceof Entity ? [target] : target.subscriptions.map(({ entity }) => entity);
  const strict = entities.find(({ queue }) => queue.requiresSession);
  if (strict && messages.some(({ sessionId }) => sessionId === undefined)) throw sessionRequired(strict.path);
}
