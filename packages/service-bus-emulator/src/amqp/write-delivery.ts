import type { Delivery, Place } from "../message.ts";
import { endOfValue, itemsOf, readScalar, readSection } from "./read-values.ts";
import { SECTION } from "./read-message.ts";
import { encodeString, mapOf } from "./write-values.ts";

const STATE: Readonly<Record<Place, number>> = { active: 0, deferred: 1, scheduled: 2 };

const key = (name: string): Buffer => encodeString(name, 0xa3);
const ENQUEUED_TIME = key("x-opt-enqueued-time");
const SEQUENCE_NUMBER = key("x-opt-sequence-number");
const ENQUEUE_SEQUENCE_NUMBER = key("x-opt-enqueue-sequence-number");
const MESSAGE_STATE = key("x-opt-message-state");
const LOCKED_UNTIL = key("x-opt-locked-until");

const LONG = 0x81;
const TIMESTAMP = 0x83;
const INT = 0x71;
/** Header and annotations without the sender's own. */
const FRONT_BYTES = 256;
const LONGEST_HEADER_TTL = 0xffffffff;

/** The message as a receiver gets it: our header and annotations, then the sender's message as it came. */
export function encodeDelivery(delivery: Delivery): Buffer {
  const { message, lock, place } = delivery;
  const content = contentOf(delivery);
  const own = message.annotations;
  const bytes = Buffer.allocUnsafe(FRONT_BYTES + (own?.length ?? 0) + content.length);
  let at = writeHeader(bytes, delivery);
  const mapAt = at;
  at += 12;
  at = writeEntry(bytes, at, ENQUEUED_TIME, TIMESTAMP, message.enqueuedAt);
  at = writeEntry(bytes, at, SEQUENCE_NUMBER, LONG, message.sequence);
  at = writeEntry(bytes, at, ENQUEUE_SEQUENCE_NUMBER, LONG, message.enqueuedSequence);
  at = writeEntry(bytes, at, MESSAGE_STATE, INT, STATE[place]);
  if (lock) at = writeEntry(bytes, at, LOCKED_UNTIL, TIMESTAMP, lock.until);
  if (own) at += own.copy(bytes, at);
  bytes.set([0x00, 0x53, SECTION.messageAnnotations, 0xd1], mapAt);
  bytes.writeUInt32BE(at - mapAt - 8, mapAt + 4);
  bytes.writeUInt32BE((lock ? 10 : 8) + (own ? countValues(own) : 0), mapAt + 8);
  at += content.copy(bytes, at);
  return bytes.subarray(0, at);
}

function writeHeader(bytes: Buffer, { message, deliveryCount }: Delivery): number {
  bytes.set([0x00, 0x53, SECTION.header, 0xd0, 0, 0, 0, 0, 0, 0, 0, 5]);
  bytes[12] = message.durable ? 0x41 : 0x42;
  bytes[13] = 0x50;
  bytes[14] = message.priority;
  let at = 15;
  if (message.ttlMs === undefined) {
    bytes[at++] = 0x40;
  } else {
    bytes[at] = 0x70;
    at = bytes.writeUInt32BE(Math.min(message.ttlMs, LONGEST_HEADER_TTL), at + 1);
  }
  bytes[at++] = 0x42; // first-acquirer
  bytes[at] = 0x70;
  at = bytes.writeUInt32BE(deliveryCount, at + 1);
  bytes.writeUInt32BE(at - 8, 4);
  return at;
}

function writeEntry(bytes: Buffer, start: number, name: Buffer, type: number, value: number): number {
  const at = start + name.copy(bytes, start);
  bytes[at] = type;
  if (type === INT) return bytes.writeInt32BE(value, at + 1);
  // A double holds integers below 2^53 exactly: two halves cost less than a BigInt.
  bytes.writeInt32BE(Math.floor(value / 2 ** 32), at + 1);
  return bytes.writeUInt32BE(value % 2 ** 32, at + 5);
}

function countValues(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at = endOfValue(bytes, at)) count++;
  return count;
}

/** The bare message, with what settling changed in its application properties. */
function contentOf({ message, overrides }: Delivery): Buffer {
  const { content, deadLetter } = message;
  if (!overrides && !deadLetter) return content;
  const changed = new Map(Object.entries(overrides ?? {}));
  if (deadLetter?.reason !== undefined) changed.set("DeadLetterReason", encodeString(deadLetter.reason));
  if (deadLetter?.description !== undefined) {
    changed.set("DeadLetterErrorDescription", encodeString(deadLetter.description));
  }
  return withProperties(content, changed);
}

function withProperties(content: Buffer, changed: ReadonlyMap<string, Buffer>): Buffer {
  let at = 0;
  let section = content.length > 0 ? readSection(content, 0) : undefined;
  if (section?.code === SECTION.properties) {
    at = section.end;
    section = at < content.length ? readSection(content, at) : undefined;
  }
  const hasOwn = section?.code === SECTION.applicationProperties;
  const properties = new Map(hasOwn && section ? entriesOf(content, section.start) : []);
  for (const [name, value] of changed) properties.set(name, value);
  const items = Array.from(properties).flatMap(([name, value]) => [encodeString(name), value]);
  const rest = hasOwn ? content.subarray(section?.end) : content.subarray(at);
  return Buffer.concat([content.subarray(0, at), mapOf(SECTION.applicationProperties, items), rest]);
}

/** Names and encoded values of a map. */
function entriesOf(bytes: Buffer, start: number): [string, Buffer][] {
  const items = itemsOf(bytes, start);
  const entries: [string, Buffer][] = [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [keyAt = 0, valueAt = 0] = items.slice(index, index + 2);
    entries.push([String(readScalar(bytes, keyAt)), bytes.subarray(valueAt, endOfValue(bytes, valueAt))]);
  }
  return entries;
}
