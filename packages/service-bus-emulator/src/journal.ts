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
import { decodeEntries, encodeEntries } from "./journal-entries.ts";
import type { Entry } from "./journal-entries.ts";
import { decodeFrames, encodeFrame } from "./journal-frames.ts";
import type { Change } from "./message-store.ts";

const syncData = promisify(fdatasync);

export interface JournalOptions {
  readonly directory: string;
  /** The fewest entries that lead to the present content of all queues. */
  readonly snapshot: () => Iterable<Entry>;
  /** Is told once when the disk fails; nothing is accepted after that. */
  readonly onFailure: (error: Error) => void;
  /** Below this size the journal is not rewritten. Default 16 MiB. */
  readonly compactFromBytes?: number;
}

interface OpenedFile {
  readonly file: string;
  readonly fd: number;
  readonly bytes: number;
  readonly unlock: () => void;
}

/**
 * The changes of all queues as an append-only file. What is recorded in one turn of the event loop becomes one frame
 * with one checksum, so an operation is kept whole or not at all; while one frame is being synced the next one gathers.
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

  /** Opens the journal, hands every entry that was kept to `replay`, and cuts off a torn tail. */
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

  /** Calls back when everything recorded so far is on disk, in the order of asking. */
  whenDurable(callback: () => unknown): void {
    if (this.#failure) return;
    if (this.#writing) this.#waiting.push(callback);
    else callback();
  }

  /** Writes what is recorded and closes the file. */
  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    closeSync(this.#fd);
    this.#unlock();
  }

  async #write(): Promise<void> {
    try {
      // Everything that this turn of the event loop still records joins the frame.
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

  /** Rewrites the file as the snapshot, which already contains the entries that were about to be written. */
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

/** Writing only copies to the system's cache, which takes less time than a trip to another thread. Syncing is what waits. */
function writeFrame(fd: number, entries: readonly Entry[]): number {
  const frame = encodeFrame(encodeEntries(entries));
  let written = 0;
  while (written < frame.length) written += writeSync(fd, frame, written);
  return frame.length;
}

/** Without this a power cut could bring the old file back under the name of the new one. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, "r");
  fsyncSync(fd);
  closeSync(fd);
}
