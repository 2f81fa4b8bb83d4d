/** The bytes are no valid AMQP. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export interface Section {
  readonly code: number;
  /** Where the section's value starts, constructor included. */
  readonly start: number;
  readonly end: number;
}

/** The section of a message that starts at this offset. */
export function readSection(bytes: Buffer, offset: number): Section {
  const descriptor = readScalar(bytes, offset + 1);
  if (bytes[offset] !== 0x00 || typeof descriptor !== "number") {
    throw new WireError(`expected a message section at byte ${offset}, got 0x${(bytes[offset] ?? 0).toString(16)}`);
  }
  const start = endOfValue(bytes, offset + 1);
  return { code: descriptor, start, end: endOfValue(bytes, start) };
}

/** Where the value that starts at this offset ends. */
export function endOfValue(bytes: Buffer, offset: number): number {
  const end = unchecked(bytes, offset);
  if (end <= bytes.length) return end;
  throw new WireError(`expected a value of ${end - offset} bytes at byte ${offset}, got only ${bytes.length - offset}`);
}

function unchecked(bytes: Buffer, offset: number): number {
  const code = byteAt(bytes, offset);
  if (code === 0x00) return endOfValue(bytes, endOfValue(bytes, offset + 1));
  switch (code >> 4) {
    case 0x4:
      return offset + 1;
    case 0x5:
      return offset + 2;
    case 0x6:
      return offset + 3;
    case 0x7:
      return offset + 5;
    case 0x8:
      return offset + 9;
    case 0x9:
      return offset + 17;
    case 0xa:
    case 0xc:
    case 0xe:
      return offset + 2 + byteAt(bytes, offset + 1);
    case 0xb:
    case 0xd:
    case 0xf:
      return offset + 5 + wordAt(bytes, offset + 1);
    default:
      throw new WireError(`expected a value at byte ${offset}, got the unknown type 0x${code.toString(16)}`);
  }
}

/** Where each item of a list or each key and value of a map starts. */
export function itemsOf(bytes: Buffer, offset: number): number[] {
  const code = byteAt(bytes, offset);
  if (code === 0x45) return [];
  const isShort = code === 0xc0 || code === 0xc1;
  if (!isShort && code !== 0xd0 && code !== 0xd1) {
    throw new WireError(`expected a list or map at byte ${offset}, got type 0x${code.toString(16)}`);
  }
  const count = isShort ? byteAt(bytes, offset + 2) : wordAt(bytes, offset + 5);
  const items: number[] = [];
  let at = offset + (isShort ? 3 : 9);
  for (let index = 0; index < count; index++) {
    items.push(at);
    at = endOfValue(bytes, at);
  }
  return items;
}

export type Scalar = string | number | boolean | Buffer | undefined;

/** A simple value: null and everything compound read as undefined, binaries and UUIDs as windows on the bytes. */
export function readScalar(bytes: Buffer, offset: number): Scalar {
  const code = byteAt(bytes, offset);
  const end = endOfValue(bytes, offset);
  switch (code) {
    case 0x41:
      return true;
    case 0x42:
      return false;
    case 0x43:
    case 0x44:
      return 0;
    case 0x50:
    case 0x52:
    case 0x53:
      return bytes.readUInt8(offset + 1);
    case 0x51:
    case 0x54:
    case 0x55:
      return bytes.readInt8(offset + 1);
    case 0x56:
      return bytes.readUInt8(offset + 1) === 1;
    case 0x60:
      return bytes.readUInt16BE(offset + 1);
    case 0x61:
      return bytes.readInt16BE(offset + 1);
    case 0x70:
      return bytes.readUInt32BE(offset + 1);
    case 0x71:
      return bytes.readInt32BE(offset + 1);
    case 0x72:
      return bytes.readFloatBE(offset + 1);
    case 0x80:
      return Number(bytes.readBigUInt64BE(offset + 1));
    case 0x81:
    case 0x83:
      return Number(bytes.readBigInt64BE(offset + 1));
    case 0x82:
      return bytes.readDoubleBE(offset + 1);
    case 0x98:
      return bytes.subarray(offset + 1, end);
    case 0xa0:
      return bytes.subarray(offset + 2, end);
    case 0xb0:
      return bytes.subarray(offset + 5, end);
    case 0xa1:
    case 0xa3:
      return bytes.toString("utf8", offset + 2, end);
    case 0xb1:
    case 0xb3:
      return bytes.toString("utf8", offset + 5, end);
    default:
      return undefined;
  }
}

function byteAt(bytes: Buffer, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw new WireError(`expected a value at byte ${offset}, got the end of the message`);
  return byte;
}

function wordAt(bytes: Buffer, offset: number): number {
  if (offset + 4 > bytes.length) throw new WireError(`expected a length at byte ${offset}, got the end of the message`);
  return bytes.readUInt32BE(offset);
}
