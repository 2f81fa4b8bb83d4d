import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { ZipFile } from "yazl";

/** An archive with one file in it. */
export async function zipped(name: string, content: string | Buffer): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(content as Buffer), name);
  return closed(zip);
}

const BOMB_MIB = 128;

/** An archive of 100 kB that unpacks to 128 MiB and declares that size, or declares a size of 1,000 bytes. */
export async function bomb(name: string, kind: "honest" | "lying"): Promise<Buffer> {
  const zip = new ZipFile();
  const mebibyte = Buffer.alloc(1024 * 1024, "1");
  zip.addReadStream(Readable.from(Array.from({ length: BOMB_MIB }, () => mebibyte)), name, { compressionLevel: 9 });
  const archive = await closed(zip);
  // Offset 24 of the central directory's entry is the size that it unpacks to (APPNOTE.TXT, 4.3.12).
  if (kind === "lying") archive.writeUInt32LE(1000, directoryEntryOf(archive) + 24);
  return archive;
}

/**
 * The archive with its entry marked as encrypted: bit 0 of the general purpose flags, at offset 8 of the directory
 * entry.
 */
export function encrypted(archive: Buffer): Buffer {
  const entry = directoryEntryOf(archive);
  archive.writeUInt16LE(archive.readUInt16LE(entry + 8) | 1, entry + 8);
  return archive;
}

/** The first part of the archive. */
export function truncatedArchive(part: number, archive: Buffer): Buffer {
  return archive.subarray(0, Math.floor(archive.length * part));
}

function directoryEntryOf(archive: Buffer): number {
  return archive.lastIndexOf("PK\x01\x02", undefined, "latin1");
}

function closed(zip: ZipFile): Promise<Buffer> {
  zip.end();
  return buffer(zip.outputStream as Readable);
}
