import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { lockDirectory } from "./directory-lock.ts";
import type { Entry } from "./journal-entries.ts";
import { decodeEntries, encodeEntries } from "./journal-entries.ts";
import { decodeFrames, encodeFrame } from "./journal-frames.ts";
import type { Change } from "./message-store.ts";

const syncData = promisify(fdatasync);

export interface JournalOptions {
  readonly directory: string;
  /** The fewest entries that lead to the content of all queues. */
  readonly snapshot: () => Iterable<Entry>;
  /** Runs once when the disk fails. The journal accepts nothing after that. */
  readonly onFailure: (error: Error) => void;
  /** The journal rewrites its file above this size. Default 16 MiB. */
  readonly compactFromBytes?: number;
}

interface OpenedFile {
  readonly file: string;
  readonly fd: number;
  readonly bytes: number;
  readonly unlock: () => void;
}

/**
 * The changes of all queues as an append-only file. Changes of one turn of the event loop become one frame with one
 * checksum, so an operation is atomic. While one frame syncs, the next one collects changes.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #file: string;
  readonly #unlock: () => void;
  #fd: number;
  #bytes: number;
  #compactAt: number;
  #entries: Entry[] = [];
  #waiting: (() => unknown)[] = [];
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;

  /** Opens the journal, passes every entry to `replay`, and cuts off an incomplete last write. */
  static open(options: JournalOptions, replay: (entry: Entry) => void): Journal {
    mkdirSync(options.directory, { recursive: true });
    const unlock = lockDirectory(options.directory);
    const file = join(options.directory, "journal");
    const fd = openSync(file, "a+", 0o600);
    try {
      const { bodies, intactBytes } = decodeFrames(readFileSync(fd), file);
      for (const body of bodies) for (const entry of decodeEntries(body)) replay(entry);
      ftruncateSync(fd, intactBytes);
      return new Journal(options, { file, fd, bytes: intactBytes, unlock });
    } catch (error) {
      closeSync(fd);
      unlock();
      throw error;
    }
  }

  private constructor(options: JournalOptions, opened: OpenedFile) {
    this.#options = options;
    this.#file = opened.file;
    this.#fd = opened.fd;
    this.#bytes = opened.bytes;
    this.#unlock = opened.unlock;
    this.#compactAt = options.compactFromBytes ?? 16 * 2 ** 20;
  }

  record(path: string, change: Change): void {
    this.#entries.push([path, change]);
    this.#writing ??= this.#write();
  }

  /** Calls back when all entries so far are on disk, in the order of the calls. */
  whenDurable(callback: () => unknown): void {
    if (this.#failure) return;
    if (this.#writing) this.#waiting.push(callback);
    else callback();
  }

  /** Writes the remaining entries and closes the file. */
  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    closeSync(this.#fd);
    this.#unlock();
  }

  async #write(): Promise<void> {
    try {
      // The frame includes all entries of this turn of the event loop.
      await new Promise(setImmediate);
      while (this.#entries.length > 0 || this.#waiting.length > 0) {
        const entries = this.#entries;
        const waiting = this.#waiting;
        this.#entries = [];
        this.#waiting = [];
        if (this.#bytes > this.#compactAt) await this.#compact();
        else if (entries.length > 0) await this.#append(entries);
        for (const callback of waiting) callback();
      }
      this.#writing = undefined;
    } catch (error) {
      this.#failure = error as Error;
      this.#writing = undefined;
      this.#options.onFailure(this.#failure);
    }
  }

  async #append(entries: readonly Entry[]): Promise<void> {
    this.#bytes += writeFrame(this.#fd, entries);
    await syncData(this.#fd);
  }

  /** Rewrites the file as the snapshot, which contains the entries of the frame that it replaces. */
  async #compact(): Promise<void> {
    const entries = Array.from(this.#options.snapshot());
    const next = `${this.#file}.next`;
    const fd = openSync(next, "w", 0o600);
    let bytes = 0;
    for (let at = 0; at < entries.length; at += 1_000) bytes += writeFrame(fd, entries.slice(at, at + 1_000));
    await syncData(fd);
    renameSync(next, this.#file);
    syncDirectory(this.#options.directory);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#bytes = bytes;
    this.#compactAt = Math.max(this.#options.compactFromBytes ?? 16 * 2 ** 20, 4 * bytes);
  }
}

/** A write copies to the cache of the system, faster than another thread could; only the sync waits. */
function writeFrame(fd: number, entries: readonly Entry[]): number {
  const frame = encodeFrame(encodeEntries(entries));
  let written = 0;
  while (written < frame.length) written += writeSync(fd, frame, written);
  return frame.length;
}

/** Without this, the old file can return after a power failure. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, "r");
  fsyncSync(fd);
  closeSync(fd);
}
