import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "../broker.ts";
import type { MessageProperties } from "../filter.ts";
import type { Section } from "./encoding.ts";
import { encode, entriesOf, SECTION, section, sectionsOf } from "./encoding.ts";
import { BrokerError, malformed } from "./errors.ts";
import type { DecodedMessage } from "./rhea.ts";
import { message as rheaMessage, types } from "./rhea.ts";

/** Annotations that the broker writes; it drops a sender's own values for them. */
const BROKER_ANNOTATIONS = new Set([
  "x-opt-enqueued-time",
  "x-opt-sequence-number",
  "x-opt-enqueue-sequence-number",
  "x-opt-locked-until",
  "x-opt-message-state",
]);

const LONGEST_HEADER_TTL = 0xffffffff;

/** Decodes one message and keeps its bytes: pass a buffer that nothing else writes to. Throws a BrokerError. */
export function decodeMessage(bytes: Buffer): IncomingMessage {
  try {
    const sections = sectionsOf(bytes);
    const decoded = rheaMessage.decode(bytes);
    const { durable, priority, group_id: sessionId } = decoded;
    const scheduledFor = decoded.message_annotations?.["x-opt-scheduled-enqueue-time"];
    const ttlMs = ttlOf(decoded);
    const annotations = senderAnnotations(sections);
    const bareAt = sections.find(({ code }) => code > SECTION.messageAnnotations)?.start ?? bytes.length;
    return {
      ...identified(bytes, bareAt, sections, decoded.message_id),
      durable: durable === true,
      priority: typeof priority === "number" ? priority : 4,
      properties: propertiesOf(decoded),
      ...(annotations ? { annotations } : {}),
      ...(scheduledFor instanceof Date ? { scheduledFor: scheduledFor.getTime() } : {}),
      ...(typeof sessionId === "string" ? { sessionId } : {}),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    };
  } catch (error) {
    // rhea throws errors of many kinds on bytes that are no AMQP.
    throw error instanceof BrokerError ? error : malformed(`expected an AMQP message: ${String(error)}`);
  }
}

/** Decodes a batch: a message whose data sections are messages. */
export function decodeBatch(bytes: Buffer): IncomingMessage[] {
  return sectionsOf(bytes)
    .filter(({ code }) => code === SECTION.data)
    .map(({ value }) => {
      if (!Buffer.isBuffer(value.value)) throw malformed("expected binary data in a batch");
      // A copy: a slice would keep the whole batch in memory for its last message.
      return decodeMessage(Buffer.from(value.value));
    });
}

function senderAnnotations(sections: readonly Section[]): Buffer | undefined {
  const own = sections.find(({ code }) => code === SECTION.messageAnnotations);
  const kept = entriesOf(own?.value).filter(([name]) => !BROKER_ANNOTATIONS.has(name));
  return kept.length > 0 ? encode(types.wrap_symbolic_map(Object.fromEntries(kept))) : undefined;
}

/** The message without header and annotations. One without an id gets one: the client cannot settle it otherwise. */
function identified(bytes: Buffer, bareAt: number, sections: readonly Section[], id: DecodedMessage["message_id"]) {
  const content = bytes.subarray(bareAt);
  if (id !== undefined) return { content, messageId: Buffer.isBuffer(id) ? id.toString("hex") : String(id) };
  const messageId = randomUUID();
  const own = sections.find(({ code }) => code === SECTION.properties);
  const [, ...others] = Array.isArray(own?.value.value) ? (own.value.value as unknown[]) : [];
  const properties = encode(section(SECTION.properties, types.wrap_list([messageId, ...others])));
  return { messageId, content: Buffer.concat([properties, bytes.subarray(own?.end ?? bareAt)]) };
}

/** A header holds at most 49 days; a longer time to live is the difference of two timestamps. */
function ttlOf(decoded: DecodedMessage): number | undefined {
  const { ttl, creation_time: createdAt, absolute_expiry_time: expiresAt } = decoded;
  if (typeof ttl !== "number" || ttl === 0) return undefined;
  if (ttl !== LONGEST_HEADER_TTL || !(createdAt instanceof Date) || !(expiresAt instanceof Date)) return ttl;
  return Math.max(expiresAt.getTime() - createdAt.getTime(), 1);
}

function propertiesOf(decoded: DecodedMessage): MessageProperties {
  return {
    messageId: decoded.message_id,
    correlationId: decoded["correlation_id"],
    subject: decoded["subject"],
    to: decoded["to"],
    replyTo: decoded.reply_to,
    replyToSessionId: decoded["reply_to_group_id"],
    sessionId: decoded["group_id"],
    contentType: decoded["content_type"],
    ...(decoded.application_properties ? { applicationProperties: decoded.application_properties } : {}),
  };
}
