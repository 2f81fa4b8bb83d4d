import iconv from "iconv-lite";

/** Enough to detect an encoding: a header and some hundred rows. */
const SAMPLE_BYTES = 64 * 1024;

export function isEncoding(name: string): boolean {
  return iconv.encodingExists(name);
}

/**
 * The same text as UTF-8 without byte order mark. The stated encoding wins, then the byte order mark; otherwise the
 * text is UTF-8 when its beginning mostly is, and windows-1252 when not, which American offices use.
 */
export async function* asUtf8(chunks: AsyncIterable<Buffer>, stated?: string): AsyncGenerator<Buffer> {
  const { beginning, rest } = await beginningOf(chunks, SAMPLE_BYTES);
  const encoding = stated ?? detected(beginning);
  if (/^utf-?8$/i.test(encoding)) {
    yield hasMark(beginning, UTF8_MARK) ? beginning.subarray(UTF8_MARK.length) : beginning;
    yield* rest;
    return;
  }
  const decoder = iconv.getDecoder(encoding);
  for await (const chunk of chained(beginning, rest)) yield Buffer.from(decoder.write(chunk));
  yield Buffer.from(decoder.end() ?? "");
}

/** A whole file as text, decoded as `asUtf8` does. */
export async function wholeText(chunks: AsyncIterable<Buffer>, stated?: string): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of asUtf8(chunks, stated)) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

/** The beginning of a stream, at least `bytes` long if the stream is, and the rest. */
export async function beginningOf(
  chunks: AsyncIterable<Buffer>,
  bytes: number,
): Promise<{ beginning: Buffer; rest: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const parts: Buffer[] = [];
  for (let size = 0; size < bytes;) {
    const next = await iterator.next();
    if (next.done) break;
    parts.push(next.value);
    size += next.value.length;
  }
  return { beginning: Buffer.concat(parts), rest: { [Symbol.asyncIterator]: () => iterator } };
}

export async function* chained(beginning: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield beginning;
  yield* rest;
}

const UTF8_MARK = [0xef, 0xbb, 0xbf];

function detected(beginning: Buffer): string {
  if (hasMark(beginning, UTF8_MARK)) return "utf-8";
  if (hasMark(beginning, [0xff, 0xfe])) return "utf-16le";
  if (hasMark(beginning, [0xfe, 0xff])) return "utf-16be";
  return isMostlyUtf8(withoutCutCharacter(beginning)) ? "utf-8" : "windows-1252";
}

/**
 * Whether valid non-ASCII characters are not outnumbered by invalid ones. Text in windows-1252 is rarely valid UTF-8,
 * and one damaged name must not change the other names with accents.
 */
function isMostlyUtf8(bytes: Buffer): boolean {
  let [whole, broken] = [0, 0];
  for (const character of bytes.toString("utf8")) {
    if (character === "\uFFFD") broken += 1;
    else if (character > "\u007F") whole += 1;
  }
  return broken <= whole;
}

function hasMark(bytes: Buffer, mark: readonly number[]): boolean {
  return mark.every((byte, at) => bytes[at] === byte);
}

/** The sample without an incomplete character at its end. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && end > bytes.length - 4 && (bytes[end - 1]! & 0xc0) === 0x80) end -= 1;
  return end > 0 && bytes[end - 1]! >= 0xc0 ? bytes.subarray(0, end - 1) : bytes;
}
