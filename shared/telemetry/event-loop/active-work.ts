/** Work that is in progress: attempts of runs, and requests. */
export interface NamedWork {
  /** Id of the job, or method and path of the request. */
  readonly name: string;
  /** Id of the run, of the first run of a batch, or of the request's invocation. */
  readonly id: string;
  /** Runs that are executed together; 0 for a request. */
  readonly count: number;
}

const [HEADER, SLOT_BYTES, SLOT_COUNT] = [24, 160, 64];

/** The memory that is shared with the thread that watches: counters, a number, and one slot for each work. */
export const LAYOUT = {
  bytes: HEADER + 2 * SLOT_BYTES * SLOT_COUNT,
  /** Indexes of Int32. `active` includes work without a slot. `copiedAt` is the beat at which the copy was made. */
  beats: 0,
  active: 1,
  copiedAt: 2,
  /** Byte of a Float64: milliseconds for which the watching thread has run. */
  awakeMs: 16,
  slots: HEADER,
  /** The watching thread copies all slots while the event loop is blocked: the work may end in the same turn. */
  copy: HEADER + SLOT_BYTES * SLOT_COUNT,
  slotBytes: SLOT_BYTES,
  slotCount: SLOT_COUNT,
  /** In a slot: length of the name (0: free), length of the id, count as uint16, name, id. Longer texts are cut. */
  nameAt: 4,
  nameBytes: 108,
  idAt: 112,
  idBytes: 48,
} as const;

/** The work in progress of this process, in memory that another thread can read while this one is blocked. */
export class ActiveWork {
  readonly shared = new SharedArrayBuffer(LAYOUT.bytes);
  readonly #counters = new Int32Array(this.shared, 0, 3);
  readonly #awakeMs = new Float64Array(this.shared, LAYOUT.awakeMs, 1);
  readonly #bytes = Buffer.from(this.shared);
  readonly #free = Array.from({ length: LAYOUT.slotCount }, (_, n) => LAYOUT.slotCount - 1 - n);

  constructor() {
    this.#counters[LAYOUT.copiedAt] = -1;
  }

  /** @returns the slot to pass to `end`; -1 when all are taken, then the work only counts */
  begin({ name, id, count }: NamedWork): number {
    this.#counters[LAYOUT.active]! += 1;
    const slot = this.#free.pop();
    if (slot === undefined) return -1;
    const at = LAYOUT.slots + slot * LAYOUT.slotBytes;
    this.#bytes[at + 1] = this.#bytes.write(id, at + LAYOUT.idAt, LAYOUT.idBytes, "latin1");
    this.#bytes.writeUInt16LE(Math.min(count, 65_535), at + 2);
    this.#bytes[at] = this.#bytes.write(name, at + LAYOUT.nameAt, LAYOUT.nameBytes, "latin1");
    return slot;
  }

  end(slot: number): void {
    this.#counters[LAYOUT.active]! -= 1;
    if (slot < 0) return;
    this.#bytes[LAYOUT.slots + slot * LAYOUT.slotBytes] = 0;
    this.#free.push(slot);
  }

  /** The work of the current turn, some of which may have ended in it; `more` work has no slot. */
  ofThisTurn(): { work: NamedWork[]; more: number } {
    const isCopied = this.#counters[LAYOUT.copiedAt] === this.#counters[LAYOUT.beats];
    const work = readSlots(this.#bytes, LAYOUT, isCopied ? LAYOUT.copy : LAYOUT.slots);
    return { work, more: Math.max(0, this.#counters[LAYOUT.active]! - work.length) };
  }

  /** Tells the watching thread that the event loop came around. */
  beat(): void {
    Atomics.add(this.#counters, LAYOUT.beats, 1);
  }

  /** Milliseconds for which the watching thread has run. */
  get awakeMs(): number {
    return this.#awakeMs[0]!;
  }
}

/**
 * The work in the slots from a byte on. The watching thread gets the text of this function, which therefore uses
 * nothing outside of it.
 */
export function readSlots(bytes: Buffer, layout: typeof LAYOUT, from: number): NamedWork[] {
  const found: NamedWork[] = [];
  for (let n = 0; n < layout.slotCount; n++) {
    const at = from + n * layout.slotBytes;
    const [nameLength, idLength] = [bytes[at]!, bytes[at + 1]!];
    if (nameLength === 0) continue;
    const [nameAt, idAt] = [at + layout.nameAt, at + layout.idAt];
    found.push({
      name: bytes.toString("latin1", nameAt, nameAt + nameLength),
      id: bytes.toString("latin1", idAt, idAt + idLength),
      count: bytes.readUInt16LE(at + 2),
    });
  }
  return found;
}
