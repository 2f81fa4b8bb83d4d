import { once } from "node:events";
import { PassThrough } from "node:stream";
import { createGzip } from "node:zlib";
import type { BlobContainer } from "./blob-container.ts";

/** A text file in gzip that is written piece by piece, and is there once it was ended. */
export interface GzipFile {
  readonly blob: string;
  /** @throws what is wrong with the storage */
  add(text: string): Promise<void>;
  end(): Promise<void>;
  /** Gives the file up: nobody sees any of it. */
  abandon(): void;
}

/** Begins a file in a container; one of the same name is written over when it ends. */
export function openGzipFile(
  container: BlobContainer,
  blob: string,
  contentType: string,
  signal: AbortSignal,
): GzipFile {
  const source = new PassThrough();
  let trouble: unknown;
  const written = container.write(blob, contentType, [source, createGzip()], signal).catch((error: unknown) => {
    trouble = error;
    // Whoever waits for room in it would wait for ever.
    source.destroy();
  });
  const check = () => {
    if (trouble !== undefined) throw trouble as Error;
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
    abandon: () => void source.destroy(new Error(`${blob} was given up`)),
  };
}
