import { crc32 } from "node:zlib";

/** A frame holds changes that were written together: marker, body length, body checksum, header checksum, body. */
const MARKER = Buffer.from("SBJ2");
const EARLIER_MARKER = Buffer.from("SBJ1");
const HEADER_BYTES = 16;

export function encodeFrame(body: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  MARKER.copy(frame, 0);
  frame.writeUInt32LE(body.length, 4);
  frame.writeUInt32LE(crc32(body), 8);
  frame.writeUInt32LE(crc32(frame.subarray(0, 12)), 12);
  body.copy(frame, HEADER_BYTES);
  return frame;
}

export interface ReadFrames {
  readonly bodies: readonly Buffer[];
  /** Where the intact frames end: an incomplete last write follows. */
  readonly intactBytes: number;
}

/**
 * Reads frames up to the end or to an incomplete last write. Throws an Error with the position when intact frames
 * follow a damaged one, since a crash damages only the end, and when an earlier version wrote the file.
 */
export function decodeFrames(file: Buffer, name: string): ReadFrames {
  if (EARLIER_MARKER.equals(file.subarray(0, EARLIER_MARKER.length)))
    throw new Error(`An earlier version wrote the journal ${name}. Delete it to start with empty queues.`);
  const bodies: Buffer[] = [];
  let offset = 0;
  while (offset < file.length) {
    const body = bodyAt(file, offset);
    if (!body) break;
    bodies.push(body);
    offset += HEADER_BYTES + body.length;
  }
  const next = intactFrameAfter(file, offset);
  if (next !== undefined) {
    throw new Error(
      `The journal ${name} is damaged: expected an intact frame at byte ${offset}, got one that fails its checksum, ` +
        `and intact frames follow from byte ${next}, so this is no write cut short by a crash. ` +
        `Restore the file from a copy, or delete it to start with empty queues.`,
    );
  }
  return { bodies, intactBytes: offset };
}

function bodyAt(file: Buffer, offset: number): Buffer | undefined {
  const start = offset + HEADER_BYTES;
  if (start > file.length || !MARKER.equals(file.subarray(offset, offset + 4))) return undefined;
  if (crc32(file.subarray(offset, offset + 12)) !== file.readUInt32LE(offset + 12)) return undefined;
  const body = file.subarray(start, start + file.readUInt32LE(offset + 4));
  const isWhole = body.length === file.readUInt32LE(offset + 4) && crc32(body) === file.readUInt32LE(offset + 8);
  return isWhole ? body : undefined;
}

function intactFrameAfter(file: Buffer, offset: number): number | undefined {
  for (let at = file.indexOf(MARKER, offset + 1); at !== -1; at = file.indexOf(MARKER, at + 1)) {
    if (bodyAt(file, at)) return at;
  }
  return undefined;
}
