/** A string or, with `type` 0xa3, a symbol. */
export function encodeString(text: string, type: 0xa1 | 0xa3 = 0xa1): Buffer {
  const length = Buffer.byteLength(text);
  const isShort = length < 256;
  const bytes = Buffer.allocUnsafe((isShort ? 2 : 5) + length);
  if (isShort) {
    bytes[0] = type;
    bytes[1] = length;
  } else {
    bytes[0] = type + 0x10;
    bytes.writeUInt32BE(length, 1);
  }
  bytes.write(text, isShort ? 2 : 5);
  return bytes;
}

/** A section that is a list of encoded items. */
export function listOf(section: number, items: readonly Buffer[]): Buffer {
  return compound(0xd0, section, items);
}

/** A section that is a map of encoded keys and values, one after the other. */
export function mapOf(section: number, items: readonly Buffer[]): Buffer {
  return compound(0xd1, section, items);
}

function compound(type: number, section: number, items: readonly Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(12);
  const size = items.reduce((sum, { length }) => sum + length, 4);
  head.set([0x00, 0x53, section, type]);
  head.writeUInt32BE(size, 4);
  head.writeUInt32BE(items.length, 8);
  return Buffer.concat([head, ...items]);
}
