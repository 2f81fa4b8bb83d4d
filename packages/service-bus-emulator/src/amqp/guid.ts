/** The sixteen bytes of a GUID in the order in which it is written. */
export function guidBytes(guid: string): Buffer {
  return Buffer.from(guid.replaceAll("-", ""), "hex");
}

export function guidOf(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** .NET writes the first three parts of a GUID in little-endian order; delivery tags are such GUIDs. */
export function dotnetBytes(guid: string): Buffer {
  const bytes = guidBytes(guid);
  bytes.writeUInt32LE(bytes.readUInt32BE(0), 0);
  bytes.writeUInt16LE(bytes.readUInt16BE(4), 4);
  bytes.writeUInt16LE(bytes.readUInt16BE(6), 6);
  return bytes;
}
