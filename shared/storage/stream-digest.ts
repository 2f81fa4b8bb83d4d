import { createHash } from "node:crypto";
import { Transform } from "node:stream";

/** The totals of a stream. */
export interface Measured {
  readonly bytes: number;
  readonly lines: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Passes bytes through unchanged; counts bytes and line feeds, and computes the SHA-256. */
export class Measure extends Transform {
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #lines = 0;

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) this.#lines += 1;
    done(null, chunk);
  }

  /** Call it once, after the end: reading the hash closes it. */
  result(): Measured {
    return { bytes: this.#bytes, lines: this.#lines, sha256: this.#hash.digest("hex") };
  }
}
