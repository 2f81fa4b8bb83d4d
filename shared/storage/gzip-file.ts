import { once } from "node:events";
import { PassThrough } from "node:stream";
import { createGzip } from "node:zlib";
import type { BlobContainer } from "./blob-container.ts";

/** A gzipped text blob that is written in pieces. It exists after `end`. */
export interface GzipFile {
  readonly blob: string;
  /** @throws the error of the storage */
  add(text: string): Promise<void>;
  end(): Promise<void>;
  /** Discards the file: no part of it becomes visible. */
  abandon(): void;
}

/** Opens a file in a container. `end` replaces a blob of the same name. */
export function openGzipFile(
  container: BlobContainer,
  blob: string,
  contentType: string,
  signal: AbortSignal,
): GzipFile {
  const source = new PassThrough();
  let failure: unknown;
  const written = container.write(blob, contentType, [source, createGzip()], signal).catch((error: unknown) => {
    failure = error;
    // Otherwise a pending `add` would wait for "drain" forever.
    source.destroy();
  });
  const check = () => {
    if (failure !== undefined) throw failure as Error;
  };
  return {
    blob,
    async add(text) {
      check();
      if (!source.write(text)) await Promise.race([once(source, "drain"), written]);
      check();
    },
    async end() {
      source.end();
      await written;
      check();
    },
    abandon: () => void source.destroy(new Error(`${blob} was discarded`)),
  };
}
