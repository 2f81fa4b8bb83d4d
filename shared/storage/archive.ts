import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { BlobContainer } from "./blob-container.ts";

/** Records to archive, one line of JSON each. */
export interface Records {
  /** The kind of record, used as folder name: `runs`. */
  readonly kind: string;
  /** `YYYY-MM-DD` of the oldest record: the subfolder. */
  readonly day: string;
  readonly ids: readonly string[];
  readonly lines: readonly string[];
}

/** The manifest beside each file of an archive. */
export interface ArchiveManifest {
  readonly file: string;
  readonly kind: string;
  readonly records: number;
  readonly firstId: string;
  readonly lastId: string;
  /** Size and SHA-256 of the compressed file. */
  readonly bytes: number;
  readonly sha256: string;
}

/** The archive read back differs from the written one. A retry writes it again. */
export class ArchiveDamaged extends Error {
  override name = "ArchiveDamaged";
  readonly errorClass = "transient";
}

const [compress, decompress] = [promisify(gzip), promisify(gunzip)];

/**
 * Writes records as gzipped NDJSON with a manifest, then reads both back and compares them. The file name contains the
 * content hash, so a retry replaces its own file and no other.
 * @throws ArchiveDamaged
 */
export async function archive(
  container: BlobContainer,
  { kind, day, ids, lines }: Records,
  signal: AbortSignal,
): Promise<ArchiveManifest> {
  const content = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const file = await compress(content);
  const sha256 = sha256Of(file);
  const path = `${kind}/${day.replaceAll("-", "/")}/${ids[0]}-${sha256.slice(0, 12)}`;
  const manifest: ArchiveManifest = {
    file: `${path}.ndjson.gz`,
    kind,
    records: lines.length,
    firstId: ids[0]!,
    lastId: ids.at(-1)!,
    bytes: file.length,
    sha256,
  };
  // The manifest is written last, so that its file always exists.
  await writeBuffer(container, manifest.file, "application/gzip", file, signal);
  await writeBuffer(
    container,
    `${path}.manifest.json`,
    "application/json",
    Buffer.from(JSON.stringify(manifest, null, 2)),
    signal,
  );

  const stored = await readBack(container, manifest.file, signal);
  if (sha256Of(stored) !== sha256 || !(await decompress(stored)).equals(content)) {
    throw new ArchiveDamaged(`${manifest.file}: expected SHA-256 ${sha256}, read back ${sha256Of(stored)}`);
  }
  const storedManifest = await readBack(container, `${path}.manifest.json`, signal);
  if (storedManifest.toString() !== JSON.stringify(manifest, null, 2)) {
    throw new ArchiveDamaged(`${path}.manifest.json: the content read back differs from the written one`);
  }
  return manifest;
}

async function writeBuffer(container: BlobContainer, blob: string, type: string, content: Buffer, signal: AbortSignal) {
  await container.write(blob, type, [Readable.from([content])], signal);
}

async function readBack(container: BlobContainer, blob: string, signal: AbortSignal): Promise<Buffer> {
  return buffer(await container.read(blob, signal));
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
