import type { Publication } from "../broker.ts";
import type { MessageProperties } from "../filter.ts";
import { newGuid } from "./guid.ts";
import { message as rheaMessage } from "./rhea.ts";
import { encodeString, listOf } from "./write-values.ts";
import { endOfValue, itemsOf, readScalar, readSection, WireError } from "./read-values.ts";

export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
} as const;

/** Annotations that the broker writes; a sender's own values for them are dropped. */
const OURS = new Set([
  "x-opt-enqueued-time",
  "x-opt-sequence-number",
  "x-opt-enqueue-sequence-number",
  "x-opt-locked-until",
  "x-opt-message-state",
]);

const MESSAGE_ID = 0;
const ABSOLUTE_EXPIRY_TIME = 8;
const CREATION_TIME = 9;
const GROUP_ID = 10;
const LONGEST_HEADER_TTL = 0xffffffff;

/** Reads one encoded message. The bytes are kept where they are: give it a buffer that is its own. Throws a WireError. */
export function readMessage(bytes: Buffer): Publication {
  let header: Header = { durable: false, priority: 4 };
  let annotations: Annotations = {};
  let offset = 0;
  while (offset < bytes.length) {
    const section = readSection(bytes, offset);
    if (section.code === SECTION.header) header = readHeader(bytes, section.start);
    else if (section.code === SECTION.messageAnnotations) annotations = readAnnotations(bytes, section.start);
    else if (section.code !== SECTION.deliveryAnnotations) break;
    offset = section.end;
  }
  const bare = bytes.subarray(offset);
  requireWhole(bare);
  const { ttlMs, ...properties } = readProperties(bare, header.ttlMs);
  return {
    ...properties,
    ...annotations,
    durable: header.durable,
    priority: header.priority,
    ...(ttlMs === undefined ? {} : { ttlMs }),
    properties: () => decodeProperties(properties.content),
  };
}

/** Reads a batch: one message whose data sections are messages. */
export function readBatch(bytes: Buffer): Publication[] {
  const publications: Publication[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const section = readSection(bytes, offset);
    if (section.code === SECTION.data) {
      const data = readScalar(bytes, section.start);
      if (!Buffer.isBuffer(data)) throw new WireError("expected binary data in a batch, got something else");
      publications.push(readMessage(Buffer.from(data)));
    }
    offset = section.end;
  }
  return publications;
}

/** What is taken in must be fit to be handed out: there is nobody to complain to later. */
function requireWhole(bare: Buffer): void {
  for (let offset = 0; offset < bare.length;) {
    const section = readSection(bare, offset);
    if (section.code === SECTION.applicationProperties) itemsOf(bare, section.start);
    offset = section.end;
  }
}

interface Header {
  readonly durable: boolean;
  readonly priority: number;
  readonly ttlMs?: number;
}

function readHeader(bytes: Buffer, start: number): Header {
  const [durable, priority, ttl] = itemsOf(bytes, start).map((at) => readScalar(bytes, at));
  return {
    durable: durable === true,
    priority: typeof priority === "number" ? priority : 4,
    ...(typeof ttl === "number" && ttl > 0 ? { ttlMs: ttl } : {}),
  };
}

interface Annotations {
  readonly annotations?: Buffer;
  readonly scheduledFor?: number;
}

function readAnnotations(bytes: Buffer, start: number): Annotations {
  const items = itemsOf(bytes, start);
  const kept: Buffer[] = [];
  let scheduledFor: number | undefined;
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [keyAt = 0, valueAt = 0] = items.slice(index);
    const key = readScalar(bytes, keyAt);
    const value = readScalar(bytes, valueAt);
    if (key === "x-opt-scheduled-enqueue-time" && typeof value === "number") scheduledFor = value;
    if (typeof key !== "string" || !OURS.has(key)) kept.push(bytes.subarray(keyAt, endOfValue(bytes, valueAt)));
  }
  return {
    ...(kept.length > 0 ? { annotations: Buffer.concat(kept) } : {}),
    ...(scheduledFor === undefined ? {} : { scheduledFor }),
  };
}

/** A message without an id gets one: without it a client cannot settle the message. */
function readProperties(bare: Buffer, headerTtlMs: number | undefined) {
  const section = bare.length > 0 ? readSection(bare, 0) : undefined;
  const start = section?.code === SECTION.properties ? section.start : undefined;
  const items = start === undefined ? [] : itemsOf(bare, start);
  const at = (index: number) => {
    const offset = items[index];
    return offset === undefined ? undefined : readScalar(bare, offset);
  };
  const id = at(MESSAGE_ID);
  const sessionId = at(GROUP_ID);
  const ttlMs = longTtl(headerTtlMs, at(CREATION_TIME), at(ABSOLUTE_EXPIRY_TIME));
  const known = { ...(typeof sessionId === "string" ? { sessionId } : {}), ttlMs };
  if (id !== undefined)
    return { ...known, content: bare, messageId: Buffer.isBuffer(id) ? id.toString("hex") : String(id) };

  const messageId = newGuid();
  const rest = items.slice(1).map((offset) => bare.subarray(offset, endOfValue(bare, offset)));
  const after = start === undefined ? bare : bare.subarray(section?.end);
  const properties = listOf(SECTION.properties, [encodeString(messageId), ...rest]);
  return { ...known, messageId, content: Buffer.concat([properties, after]) };
}

/** A header holds at most 49 days; a longer life is the difference of two timestamps. */
function longTtl(headerTtlMs: number | undefined, createdAt: unknown, expiresAt: unknown): number | undefined {
  if (headerTtlMs !== LONGEST_HEADER_TTL || typeof createdAt !== "number" || typeof expiresAt !== "number")
    return headerTtlMs;
  return Math.max(expiresAt - createdAt, 1);
}

function decodeProperties(content: Buffer): MessageProperties {
  const decoded = rheaMessage.decode(content);
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
