import type { Change } from "./message-store.ts";

/** A change and the path of its queue. */
export type Entry = readonly [path: string, change: Change];

/** A change as JSON, with the length of each buffer in its place. The bytes of all buffers follow in the same order. */
type Packed = Record<string, unknown>;

/** Entries as JSON, readable in the file, followed by the bytes that JSON cannot hold. */
export function encodeEntries(entries: readonly Entry[]): Buffer {
  const blobs: Buffer[] = [];
  const pack = (blob: Buffer | undefined): number | undefined => blob && (blobs.push(blob), blob.length);
  const text = Buffer.from(JSON.stringify(entries.map(([path, change]) => [path, packed(change, pack)])));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, ...blobs]);
}

export function decodeEntries(bytes: Buffer): Entry[] {
  let at = 4 + bytes.readUInt32LE(0);
  const packedEntries = JSON.parse(bytes.toString("utf8", 4, at)) as [string, Packed][];
  // A copy: a slice would keep the whole file in memory.
  const unpack = (length: number): Buffer => Buffer.from(bytes.subarray(at, (at += length)));
  return packedEntries.map(([path, change]) => [path, unpacked(change, unpack) as unknown as Change]);
}

function packed(change: Change, pack: (blob: Buffer | undefined) => number | undefined): object {
  switch (change.kind) {
    case "put": {
      const { message, overrides, ...rest } = change;
      const parts = { content: pack(message.content), annotations: pack(message.annotations) };
      return { ...rest, message: { ...message, ...parts }, overrides: overrides && mapValues(overrides, pack) };
    }
    case "unlock":
      return change.overrides ? { ...change, overrides: mapValues(change.overrides, pack) } : change;
    case "sessionState":
      return { ...change, state: pack(change.state) };
    default:
      return change;
  }
}

/** Reads blobs in the order in which `packed` wrote them. */
function unpacked(change: Packed, unpack: (length: number) => Buffer): Packed {
  if (change["kind"] === "put")
    change["message"] = withBlobs(change["message"] as Packed, ["content", "annotations"], unpack);
  if (change["overrides"]) change["overrides"] = mapValues(change["overrides"] as Record<string, number>, unpack);
  return withBlobs(change, ["state"], unpack);
}

function withBlobs(fields: Packed, names: readonly string[], unpack: (length: number) => Buffer): Packed {
  for (const name of names) if (typeof fields[name] === "number") fields[name] = unpack(fields[name]);
  return fields;
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
