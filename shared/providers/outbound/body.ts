import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Wait } from "./patience.ts";

export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

export class UnknownEncoding extends Error {
  override readonly name = "UnknownEncoding";
}

/**
 * The body as the service meant it: unpacked, as it comes, pulled by its reader. `maxBytes` holds for what arrives and,
 * counted while unpacking, for what it unpacks to. Ending the loop early closes the connection.
 */
export async function* readBody(response: IncomingMessage, wait: Wait, maxBytes: number): AsyncGenerator<Buffer> {
  const encoding = (response.headers["content-encoding"] ?? "identity").toLowerCase();
  const announced = Number(response.headers["content-length"] ?? 0);
  try {
    if (announced > maxBytes) throw new BodyTooLarge(`announced ${announced} bytes, more than the ${maxBytes} allowed`);
    const wire = limited(waitedFor(response, wait), maxBytes, "sent");
    if (encoding === "identity") yield* wire;
    else if (encoding === "gzip" || encoding === "x-gzip") yield* limited(gunzipped(wire), maxBytes, "unpacked to");
    else throw new UnknownEncoding(`answered with content-encoding "${encoding}", which was not asked for`);
  } finally {
    response.destroy();
  }
}

/** All of it in one buffer. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function* waitedFor(response: IncomingMessage, wait: Wait): AsyncGenerator<Buffer> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const next = await wait(() => chunks.next());
    if (next.done) return;
    yield next.value;
  }
}

async function* limited(chunks: AsyncIterable<Buffer>, maxBytes: number, verb: string): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > maxBytes) throw new BodyTooLarge(`${verb} more than the ${maxBytes} bytes allowed`);
    yield chunk;
  }
}

function gunzipped(wire: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // The callback is there because pipeline wants one: whoever iterates the gunzip gets the error of either side.
  return pipeline(wire, createGunzip(), () => undefined);
}
