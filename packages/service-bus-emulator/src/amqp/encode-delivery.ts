import type { Delivery, MessageState } from "../message.ts";
import { decode, encode, entriesOf, SECTION, section, sectionsOf } from "./encoding.ts";
import type { Typed } from "./rhea.ts";
import { message as rheaMessage, types } from "./rhea.ts";

const STATE_CODE: Readonly<Record<MessageState, number>> = { active: 0, deferred: 1, scheduled: 2 };
const LONGEST_HEADER_TTL = 0xffffffff;

/** The message that a receiver gets: header and annotations of the broker, then the sender's bytes as they came. */
export function encodeDelivery(delivery: Delivery): Buffer {
  const { message, deliveryCount } = delivery;
  const header = rheaMessage.header({
    durable: message.durable,
    priority: message.priority,
    ttl: message.ttlMs === undefined ? undefined : Math.min(message.ttlMs, LONGEST_HEADER_TTL),
    first_acquirer: false,
    delivery_count: deliveryCount,
  });
  const annotations = section(SECTION.messageAnnotations, types.wrap_symbolic_map(annotationsOf(delivery)));
  return Buffer.concat([encode(header.described(), annotations), contentOf(delivery)]);
}

function annotationsOf({ message, lock, state }: Delivery): Record<string, Typed> {
  const sent = message.annotations ? entriesOf(decode(message.annotations)) : [];
  return {
    ...Object.fromEntries(sent),
    "x-opt-enqueued-time": types.wrap_timestamp(message.enqueuedAt),
    "x-opt-sequence-number": types.wrap_long(message.sequence),
    "x-opt-enqueue-sequence-number": types.wrap_long(message.enqueuedSequence),
    "x-opt-message-state": types.wrap_int(STATE_CODE[state]),
    ...(lock ? { "x-opt-locked-until": types.wrap_timestamp(lock.until) } : {}),
  };
}

/** The sender's bytes, with the application properties that settlements and dead-lettering changed. */
function contentOf({ message, overrides = {} }: Delivery): Buffer {
  const { content, deadLetter = {} } = message;
  const changed: [string, Typed][] = Object.entries(overrides).map(([name, value]) => [name, decode(value)]);
  if (deadLetter.reason !== undefined) changed.push(["DeadLetterReason", types.wrap_string(deadLetter.reason)]);
  if (deadLetter.description !== undefined)
    changed.push(["DeadLetterErrorDescription", types.wrap_string(deadLetter.description)]);
  return changed.length > 0 ? withProperties(content, changed) : content;
}

function withProperties(content: Buffer, changed: readonly [string, Typed][]): Buffer {
  const sections = sectionsOf(content);
  const own = sections.find(({ code }) => code === SECTION.applicationProperties);
  const start = own?.start ?? sections.find(({ code }) => code === SECTION.properties)?.end ?? 0;
  const properties = types.wrap_map(Object.fromEntries([...entriesOf(own?.value), ...changed]));
  const encoded = encode(section(SECTION.applicationProperties, properties));
  return Buffer.concat([content.subarray(0, start), encoded, content.subarray(own?.end ?? start)]);
}
