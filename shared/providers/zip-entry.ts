import { crc32, createInflateRaw } from "node:zlib";
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import type { ErrorClass } from "#jobs/error-class.ts";

/**
 * An archive that cannot be used: `transient` when it is cut short or damaged, `validation` for unexpected contents.
 */
export class ZipError extends Error {
  override readonly name = "ZipError";
  readonly errorClass: ErrorClass;
  constructor(sentence: string, errorClass: ErrorClass, cause?: unknown) {
    super(sentence, { cause });
    this.errorClass = errorClass;
  }
}

export function isZip(beginning: Uint8Array): boolean {
  return Buffer.from(beginning.subarray(0, 4)).equals(Buffer.from("PK\x03\x04", "latin1"));
}

/**
 * The single file of an archive, unpacked while it is read, in constant memory. Refuses other contents, encryption, a
 * stated size of more than `maxBytes` and data that exceeds the stated size.
 * @throws ZipError; a wrong checksum is reported after the last byte
 */
export async function* unzip(archive: Buffer, entryName: string, maxBytes: number): AsyncGenerator<Buffer> {
  const zip = await damaged(() => fromBufferPromise(archive, { lazyEntries: true }));
  try {
    const entry = await onlyEntry(zip, entryName);
    if (entry.uncompressedSize > maxBytes) {
      throw new ZipError(
        `"${entryName}" would unpack to ${entry.uncompressedSize} bytes, more than the ${maxBytes} allowed`,
        "validation",
      );
    }
    yield* checked(entry, await compressedBytes(zip, entry, archive));
  } finally {
    zip.close();
  }
}

async function onlyEntry(zip: ZipFile, entryName: string): Promise<Entry> {
  if (zip.entryCount !== 1) {
    throw new ZipError(`expected one file "${entryName}" in the archive, got ${zip.entryCount} files`, "validation");
  }
  const { value: entry } = (await damaged(() => zip.eachEntry().next())) as { value: Entry };
  if (entry.fileName !== entryName) {
    throw new ZipError(`expected the file "${entryName}" in the archive, got "${entry.fileName}"`, "validation");
  }
  if (entry.isEncrypted()) throw new ZipError(`"${entryName}" is encrypted in the archive`, "validation");
  if (![STORED, DEFLATED].includes(entry.compressionMethod)) {
    throw new ZipError(
      `"${entryName}" is packed by method ${entry.compressionMethod}; only stored and deflated are known`,
      "validation",
    );
  }
  return entry;
}

const STORED = 0;
const DEFLATED = 8;

async function compressedBytes(zip: ZipFile, entry: Entry, archive: Buffer): Promise<Buffer> {
  const { fileDataStart } = await damaged(() => zip.readLocalFileHeaderPromise(entry, { minimal: true }));
  return archive.subarray(fileDataStart, fileDataStart + entry.compressedSize);
}

/** Counts while it unpacks and stops at the first byte beyond the stated size. */
async function* checked(entry: Entry, compressed: Buffer): AsyncGenerator<Buffer> {
  let size = 0;
  let checksum = 0;
  const chunks = entry.compressionMethod === STORED ? [compressed] : inflated(compressed);
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > entry.uncompressedSize) {
      throw new ZipError(
        `"${entry.fileName}" unpacks to more than the ${entry.uncompressedSize} bytes that its archive states`,
        "validation",
      );
    }
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (size < entry.uncompressedSize || checksum !== entry.crc32) {
    throw new ZipError(
      `"${entry.fileName}" is damaged: its size or checksum is not what the archive states`,
      "transient",
    );
  }
}

// Not yauzl's own stream, whose inflater keeps running when the reader stops early.
async function* inflated(compressed: Buffer): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw();
  inflate.end(compressed);
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ZipError("the archive is cut short or damaged", "transient", error);
  }
}

async function damaged<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new ZipError(`the archive is cut short or damaged (${(error as Error).message})`, "transient", error);
  }
}
