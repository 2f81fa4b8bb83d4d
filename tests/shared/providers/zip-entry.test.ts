import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ZipFile } from "yazl";
import { bomb, encrypted, zipped } from "#local/providers/zip.ts";
import { isZip, unzip, ZipError } from "#providers/zip-entry.ts";

const MIB = 1024 * 1024;
const text = "2025-05-09,1.1252,\n".repeat(20_000);

async function read(archive: Buffer, maxBytes = 64 * MIB): Promise<{ text: string; bytes: number; error: unknown }> {
  const parts: Buffer[] = [];
  let error: unknown;
  try {
    for await (const chunk of unzip(archive, "rates.csv", maxBytes)) parts.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  const all = Buffer.concat(parts);
  return { text: all.toString(), bytes: all.length, error };
}

test("the one file of an archive is unpacked, deflated or stored", async () => {
  expect(await read(await zipped("rates.csv", text))).toMatchObject({ text, error: undefined });
  const stored = new ZipFile();
  stored.addBuffer(Buffer.from(text), "rates.csv", { compress: false });
  stored.end();
  expect(await read(await buffer(stored.outputStream as Readable))).toMatchObject({ text, error: undefined });
});

test("an archive is recognised by its first bytes", async () => {
  expect(isZip(await zipped("rates.csv", text))).toBe(true);
  expect(isZip(Buffer.from("Date,USD"))).toBe(false);
  expect(isZip(Buffer.alloc(0))).toBe(false);
});

test("a bomb with its true size is refused before its first byte", async () => {
  const { error, bytes } = await read(await bomb("rates.csv", "honest"));
  expect(error).toBeInstanceOf(ZipError);
  expect(error).toMatchObject({ errorClass: "validation" });
  expect((error as Error).message).toBe('"rates.csv" would unpack to 134217728 bytes, more than the 67108864 allowed');
  expect(bytes).toBe(0);
});

test("a bomb with a false size is aborted at the first chunk beyond it, in constant memory", async () => {
  const archive = await bomb("rates.csv", "lying");
  const before = process.memoryUsage();
  const { error, bytes } = await read(archive);
  const after = process.memoryUsage();
  expect(error).toMatchObject({ errorClass: "validation" });
  expect((error as Error).message).toBe('"rates.csv" unpacks to more than the 1000 bytes that its archive states');
  expect(bytes).toBe(0);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * MIB);
});

test("unpacking stops when the reader stops", async () => {
  const chunks = unzip(await zipped("rates.csv", text.repeat(50)), "rates.csv", 64 * MIB);
  for await (const chunk of chunks) {
    expect(chunk.length).toBeLessThan(MIB);
    break;
  }
  expect(await chunks.next()).toMatchObject({ done: true });
});

test.each([
  [
    "another file",
    () => zipped("readme.txt", text),
    "validation",
    'expected the file "rates.csv" in the archive, got "readme.txt"',
  ],
  [
    "an encrypted file",
    async () => encrypted(await zipped("rates.csv", text)),
    "validation",
    "is encrypted in the archive",
  ],
  ["no end", async () => (await zipped("rates.csv", text)).subarray(0, 900), "transient", "cut short or damaged"],
  ["a damaged middle", async () => (await zipped("rates.csv", text)).fill(0x55, 60, 200), "transient", "damaged"],
  [
    "a wrong checksum",
    async () => withWrongChecksum(await zipped("rates.csv", text)),
    "transient",
    "its size or checksum",
  ],
  [
    "an unknown packing",
    async () => packedBy(99, await zipped("rates.csv", text)),
    "validation",
    "packed by method 99",
  ],
])("an archive with %s is refused", async (_what, archive, errorClass, sentence) => {
  const { error } = await read(await archive());
  expect(error).toBeInstanceOf(ZipError);
  expect(error).toMatchObject({ errorClass });
  expect((error as Error).message).toContain(sentence);
});

test("an archive with two files is refused", async () => {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(text), "rates.csv");
  zip.addBuffer(Buffer.from(text), "more.csv");
  zip.end();
  const { error } = await read(await buffer(zip.outputStream as Readable));
  expect((error as Error).message).toBe('expected one file "rates.csv" in the archive, got 2 files');
});

function withWrongChecksum(archive: Buffer): Buffer {
  const entry = archive.lastIndexOf("PK\x01\x02", undefined, "latin1");
  archive.writeUInt32LE(1, entry + 16);
  return archive;
}

function packedBy(method: number, archive: Buffer): Buffer {
  const entry = archive.lastIndexOf("PK\x01\x02", undefined, "latin1");
  archive.writeUInt16LE(method, entry + 10);
  return archive;
}
