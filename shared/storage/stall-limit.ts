import { Readable } from "node:stream";
import { withinTime } from "#diagnostics/time-limit.ts";

/** The storage did not answer a request, or stopped in the middle of a blob. A retry asks again. */
export class StorageStalled extends Error {
  override name = "StorageStalled";
  readonly errorClass = "transient";
}

/**
 * Passes the bytes of a stream on. It fails when the stream sends nothing for `stallMs` while its reader waits.
 * @param what names the stream in the error
 */
export function withStallLimit(source: Readable, what: string, stallMs: number): Readable {
  // The reader may start later than the first error.
  source.on("error", () => undefined);
  return Readable.from(chunksOf(source, what, stallMs), { objectMode: false });
}

async function* chunksOf(source: Readable, what: string, stallMs: number): AsyncGenerator<Buffer> {
  const stalled = () => new StorageStalled(`${what}: the storage sent nothing for ${stallMs / 1_000} s`);
  const chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = await withinTime(stallMs, chunks.next(), stalled);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    source.destroy();
  }
}
