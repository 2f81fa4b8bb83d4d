import type { Overrides } from "../message.ts";
import { malformed } from "./errors.ts";
import type { Typed } from "./rhea.ts";
import { types } from "./rhea.ts";

/** The descriptors of the sections of a message, in their order. */
export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  footer: 0x78,
} as const;

export interface Section {
  readonly code: number;
  readonly value: Typed;
  /** Offsets of the first byte and of the byte after the last one. */
  readonly start: number;
  readonly end: number;
}

/** The sections of an encoded message. Throws a BrokerError when the bytes are no whole message. */
export function sectionsOf(bytes: Buffer): Section[] {
  const reader = new types.Reader(bytes);
  const sections: Section[] = [];
  while (reader.position < bytes.length) {
    const start = reader.position;
    const value = readSection(reader, start);
    const code = Number(value.descriptor?.value);
    if (!(code >= SECTION.header && code <= SECTION.footer) || reader.position > bytes.length) throw noSection(start);
    sections.push({ code, value, start, end: reader.position });
  }
  return sections;
}

function readSection(reader: InstanceType<typeof types.Reader>, start: number): Typed {
  try {
    return reader.read();
  } catch {
    throw noSection(start);
  }
}

const noSection = (start: number) => malformed(`expected a whole section of a message at byte ${start}`);

/** Keys and values of a map, or none when the value is no map. */
export function entriesOf(map: Typed | undefined): [string, Typed][] {
  const items = Array.isArray(map?.value) ? (map.value as Typed[]) : [];
  const entries: [string, Typed][] = [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [key, value] = [items[index], items[index + 1]];
    if (key && value) entries.push([String(key.value), value]);
  }
  return entries;
}

export function section(code: number, value: Typed): Typed {
  return types.described(types.wrap_ulong(code), value);
}

export function encode(...values: readonly Typed[]): Buffer {
  const writer = new types.Writer();
  for (const value of values) writer.write(value);
  return writer.toBuffer();
}

export function decode(bytes: Buffer): Typed {
  return new types.Reader(bytes).read();
}

/** Properties with the types that they came with, or undefined when there are none. */
export function overridesOf(entries: readonly [string, Typed][]): Overrides | undefined {
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([name, value]) => [name, encode(value)]));
}
