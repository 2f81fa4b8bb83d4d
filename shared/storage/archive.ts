import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { BlobContainer } from "./blob-container.ts";

/** Records to be kept outside the database: one line of JSON each. */
export interface Records {
  /** What they are, as a folder's name: `runs`. */
  readonly kind: string;
  /** `YYYY-MM-DD` of the oldest: the folder below. */
  readonly day: string;
  readonly ids: readonly string[];
  readonly lines: readonly string[];
}

/** What stands beside each file of an archive. */
export interface ArchiveManifest {
  readonly file: string;
  readonly kind: string;
  readonly records: number;
  readonly firstId: string;
  readonly lastId: string;
  /** Size and SHA-256 of the file as it lies there, compressed. */
  readonly bytes: number;
  readonly sha256: string;
}

/** What was read back is not what was written. Trying again writes it anew. */
export class ArchiveDamaged extends Error {
  override name = "ArchiveDamaged";
  readonly errorClass = "transient";
}

const [compress, decompress] = [promisify(gzip), promisify(gunzip)];

/**
 * Writes records as gzip NDJSON with a manifest beside it, and returns once both were read back and are whole. The name
 * follows from the content, so the same records again are written over themselves, and no others are.
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
  // Last, so that a manifest never speaks of a file that is not there.
  await writeWhole(container, manifest.file, "application/gzip", file, signal);
  await writeWhole(
    container,
    `${path}.manifest.json`,
    "application/json",
    Buffer.from(JSON.stringify(manifest, null, 2)),
    signal,
  );

  const kept = await readBack(container, manifest.file, signal);
  if (sha256Of(kept) !== sha256 || !(await decompress(kept)).equals(content)) {
    throw new ArchiveDamaged(`${manifest.file}: expected SHA-256 ${sha256}, read back ${sha256Of(kept)}`);
  }
  const words = await readBack(container, `${path}.manifest.json`, signal);
  if (words.toString() !== JSON.stringify(manifest, null, 2)) {
    throw new ArchiveDamaged(`${path}.manifest.json: read back something else than was written`);
  }
  return manifest;
}

async function writeWhole(container: BlobContainer, blob: string, type: string, content: Buffer, signal: AbortSignal) {
  await container.write(blob, type, [Readable.from([content])], signal);
}

async function readBack(container: BlobContainer, blob: string, signal: AbortSignal): Promise<Buffer> {
  return buffer(await container.read(blob, signal));
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
