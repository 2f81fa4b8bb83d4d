interface Entry<Key> {
  readonly key: Key;
  readonly priority: number;
  /** Counts the calls of `set`: among equal priorities the member that was set first comes first. */
  readonly turn: number;
}

/** A set whose members have a priority, in ascending order. It finds a member by binary search. */
export class PriorityQueue<Key> {
  readonly #entries = new Map<Key, Entry<Key>>();
  readonly #order: Entry<Key>[] = [];
  /** Members before this index are removed. Without it, each message that leaves a long queue moves the whole array. */
  #start = 0;
  #turns = 0;

  get size(): number {
    return this.#entries.size;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** Adds a member, or changes the priority of one. */
  set(key: Key, priority: number): void {
    this.delete(key);
    const entry = { key, priority, turn: this.#turns++ };
    this.#entries.set(key, entry);
    this.#order.splice(this.#indexOf(entry), 0, entry);
  }

  delete(key: Key): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#remove(this.#indexOf(entry), 1);
    return this.#entries.delete(key);
  }

  /** The member of the lowest priority. */
  first(): Key | undefined {
    return this.#order[this.#start]?.key;
  }

  /** Infinity for an empty set. */
  lowestPriority(): number {
    return this.#order[this.#start]?.priority ?? Infinity;
  }

  /** Removes and returns every member whose priority is at most `limit`, lowest first. */
  takeUpTo(limit: number): Key[] {
    const end = this.#indexOf({ priority: limit, turn: Infinity });
    const keys = this.#order.slice(this.#start, end).map(({ key }) => key);
    this.#remove(this.#start, keys.length);
    for (const key of keys) this.#entries.delete(key);
    return keys;
  }

  #remove(index: number, count: number): void {
    if (index === this.#start) this.#start += count;
    else this.#order.splice(index, count);
    if (this.#start * 2 < this.#order.length) return;
    this.#order.splice(0, this.#start);
    this.#start = 0;
  }

  /** Where an entry is, or where it belongs. */
  #indexOf({ priority, turn }: Pick<Entry<Key>, "priority" | "turn">): number {
    let from = this.#start;
    let to = this.#order.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const entry = this.#order[middle]!;
      if (entry.priority < priority || (entry.priority === priority && entry.turn < turn)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
