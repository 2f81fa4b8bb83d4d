import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { WithinDeadline } from "./deadline.ts";

export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

export class UnknownEncoding extends Error {
  override readonly name = "UnknownEncoding";
}

/**
 * The unpacked body, chunk by chunk, at the pace of its reader. `maxBytes` limits both the received bytes and the
 * unpacked bytes. Leaving the loop early closes the connection.
 */
export async function* readBody(
  response: IncomingMessage,
  withinDeadline: WithinDeadline,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  const encoding = (response.headers["content-encoding"] ?? "identity").toLowerCase();
  const announced = Number(response.headers["content-length"] ?? 0);
  try {
    if (announced > maxBytes) throw new BodyTooLarge(`announced ${announced} bytes, more than the ${maxBytes} allowed`);
    const wire = limited(chunksOf(response, withinDeadline), maxBytes, "sent");
    if (encoding === "identity") yield* wire;
    else if (encoding === "gzip" || encoding === "x-gzip") yield* limited(gunzipped(wire), maxBytes, "unpacked to");
    else throw new UnknownEncoding(`answered with content-encoding "${encoding}", which was not asked for`);
  } finally {
    response.destroy();
  }
}

/** All chunks in one buffer. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function* chunksOf(response: IncomingMessage, withinDeadline: WithinDeadline): AsyncGenerator<Buffer> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const next = await withinDeadline(() => chunks.next());
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
  // pipeline requires a callback; the reader of the gunzip stream gets the errors of both streams.
  return pipeline(wire, createGunzip(), () => undefined);
}
