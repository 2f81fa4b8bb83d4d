import { Entity } from "../entity.ts";
import type { Broker, Publication, Target } from "../broker.ts";
import { asRefusal, messageTooLarge, sessionRequired } from "./errors.ts";
import type { Refusal } from "./errors.ts";
import { Answers } from "./answers.ts";
import { readBatch, readMessage } from "./read-message.ts";
import type { Context, Receiver } from "./rhea.ts";

const MAX_MESSAGE_BYTES = 262_144;
const BATCH_FORMAT = 0x80013700;
const CREDIT = 1_000;

/** Serves a link on which a client sends to a queue or topic: a transfer is accepted once it is kept. */
export function serveIncoming(broker: Broker, target: Target, link: Receiver, answers: Answers): void {
  link.local.attach["max_message_size"] = MAX_MESSAGE_BYTES;
  link.on("message", ({ delivery, message, format }: Context) => {
    const refusal = accept(broker, target, message, format);
    if (refusal) answers.refuse(delivery, refusal);
    else
      broker.whenDurable(() => {
        answers.accept(delivery);
      });
    if (link.credit < CREDIT / 2) link.add_credit(CREDIT - link.credit);
  });
  link.add_credit(CREDIT);
}

function accept(broker: Broker, target: Target, bytes: Buffer, format: number): Refusal | undefined {
  try {
    if (bytes.length > MAX_MESSAGE_BYTES) return messageTooLarge(bytes.length, MAX_MESSAGE_BYTES);
    // The bytes are a window on what the socket read: without a copy, one kept message would keep them all.
    const publications = format === BATCH_FORMAT ? readBatch(bytes) : [readMessage(Buffer.from(bytes))];
    requireSessions(target, publications);
    broker.publish(target, publications);
    return undefined;
  } catch (error) {
    return asRefusal(error);
  }
}

/** All or none: looked at before the first message is taken in. */
export function requireSessions(target: Target, publications: readonly Publication[]): void {
  const entities = target instanceof Entity ? [target] : target.subscriptions.map(({ entity }) => entity);
  const strict = entities.find(({ queue }) => queue.requiresSession);
  if (strict && publications.some(({ sessionId }) => sessionId === undefined)) throw sessionRequired(strict.path);
}
