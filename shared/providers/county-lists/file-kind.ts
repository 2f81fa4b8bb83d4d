import { createGunzip } from "node:zlib";
import { listError } from "./county-list.ts";
import { beginningOf, chained } from "./text-encoding.ts";

/** A file within a file within a file is no list. */
const MOST_LAYERS = 2;
const SAMPLE_BYTES = 4_096;
const GZIP = [0x1f, 0x8b, 0x08];

/** The beginnings of files that are no text, with what to do instead. */
const OTHER_KINDS: readonly (readonly [beginning: string, what: string])[] = [
  ["\xD0\xCF\x11\xE0", "an Excel workbook (.xls): save it as CSV"],
  ["%PDF", "a PDF: ask the county for a CSV"],
  ["BZh", "a bzip2 archive: unpack it"],
  ["7z\xBC\xAF", "a 7-Zip archive: unpack it"],
  ["Rar!", "a RAR archive: unpack it"],
  ["\xFD7zXZ", "an xz archive: unpack it"],
  ["(\xB5/\xFD", "a zstd archive: unpack it"],
  ["PAR1", "a Parquet file: convert it to CSV"],
];

/**
 * The bytes of a text file, unpacked if they are gzip whatever the file's name is.
 * @param largest bytes that may come out of it
 * @throws ProviderError naming a kind of file that cannot be read; transient for a gzip file that is cut off
 */
export async function* textFile(
  list: string,
  bytes: AsyncIterable<Buffer>,
  largest: number,
  layer = 0,
): AsyncGenerator<Buffer> {
  const { beginning, rest } = await beginningOf(bytes, SAMPLE_BYTES);
  const whole = chained(beginning, rest);
  if (GZIP.every((byte, at) => beginning[at] === byte)) {
    if (layer === MOST_LAYERS) throw listError(list, `is packed by gzip more than ${MOST_LAYERS} times`);
    yield* textFile(list, unpacked(list, whole, largest), largest, layer + 1);
    return;
  }
  const kind = kindOf(beginning);
  if (kind) throw listError(list, `is ${kind}`);
  yield* whole;
}

async function* unpacked(list: string, packed: AsyncIterable<Buffer>, largest: number): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // Errors surface in the loop below.
  const feeding = feed(packed, gunzip).catch((error: unknown) => gunzip.destroy(error as Error));
  let size = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largest) throw listError(list, `has more than ${largest} bytes when it is unpacked`);
      yield chunk;
    }
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR") throw listError(list, "is a gzip file that is cut off", "transient");
    if (code.startsWith("Z_"))
      throw listError(list, `is a damaged gzip file: ${(error as Error).message}`, "transient");
    throw error;
  } finally {
    gunzip.destroy();
    await feeding;
  }
}

async function feed(packed: AsyncIterable<Buffer>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  for await (const chunk of packed) {
    if (gunzip.destroyed) return;
    if (!gunzip.write(chunk)) await drained(gunzip);
  }
  gunzip.end();
}

/** Waits until it takes more, or has ended. */
function drained(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gunzip.off("drain", done).off("close", done);
      resolve();
    };
    gunzip.on("drain", done).on("close", done);
  });
}

function kindOf(beginning: Buffer): string | undefined {
  const text = beginning.toString("latin1");
  if (text.startsWith("PK\u0003\u0004")) {
    const isWorkbook = /\[Content_Types\]\.xml|xl\/|docProps\//.test(text);
    return isWorkbook
      ? "an Excel workbook (.xlsx): save it as CSV"
      : "a ZIP archive: unpack it; if it is a workbook, save it as CSV";
  }
  if (/^\s*(?:<!doctype html|<html|<table)/i.test(text)) {
    return "a web page, perhaps with the ending of a workbook: read it with kind html";
  }
  if (/^\s*<\?xml[^>]*>\s*(?:<\?mso-application[^>]*>)?\s*<(?:\w+:)?Workbook/i.test(text)) {
    return "an Excel workbook in XML: save it as CSV";
  }
  return OTHER_KINDS.find(([start]) => text.startsWith(start))?.[1];
}
