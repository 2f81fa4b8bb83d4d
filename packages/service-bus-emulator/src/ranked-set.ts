interface Entry<Key> {
  readonly key: Key;
  readonly rank: number;
  /** Among equal ranks the member that was set first comes first. */
  readonly turn: number;
}

/**
 * A set whose members have a rank; the member of the lowest rank is always at hand.
 * Setting and taking cost O(log n). Removed members stay in the heap until they surface or outnumber the living.
 */
export class RankedSet<Key> {
  readonly #members = new Map<Key, Entry<Key>>();
  #heap: Entry<Key>[] = [];
  #turns = 0;

  get size(): number {
    return this.#members.size;
  }

  has(key: Key): boolean {
    return this.#members.has(key);
  }

  set(key: Key, rank: number): void {
    const entry = { key, rank, turn: this.#turns++ };
    this.#members.set(key, entry);
    this.#heap.push(entry);
    this.#siftUp(this.#heap.length - 1);
    this.#sweep();
  }

  delete(key: Key): boolean {
    return this.#members.delete(key);
  }

  /** The member of the lowest rank. */
  first(): Key | undefined {
    return this.#head()?.key;
  }

  /** The lowest rank, or Infinity for an empty set. */
  firstRank(): number {
    return this.#head()?.rank ?? Infinity;
  }

  /** Removes and returns every member whose rank is at most `limit`, lowest first. */
  takeUpTo(limit: number): Key[] {
    const taken: Key[] = [];
    for (let head = this.#head(); head && head.rank <= limit; head = this.#head()) {
      this.#members.delete(head.key);
      taken.push(head.key);
    }
    return taken;
  }

  #head(): Entry<Key> | undefined {
    let head = this.#heap[0];
    while (head && !this.#isAlive(head)) {
      this.#dropHead();
      head = this.#heap[0];
    }
    return head;
  }

  #isAlive(entry: Entry<Key>): boolean {
    return this.#members.get(entry.key) === entry;
  }

  /** Without this, members that are removed long before they surface (settled messages with a long time to live) would pile up. */
  #sweep(): void {
    if (this.#heap.length <= 2 * this.#members.size + 64) return;
    this.#heap = Array.from(this.#members.values()).sort((one, other) => (precedes(one, other) ? -1 : 1));
  }

  #dropHead(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(last);
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const entry = heap[start];
    if (!entry) return;
    let index = start;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (!parent || !precedes(entry, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  #siftDown(entry: Entry<Key>): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const smaller = right && left && precedes(right, left) ? right : left;
      if (!smaller || !precedes(smaller, entry)) break;
      heap[index] = smaller;
      index = 2 * index + (smaller === left ? 1 : 2);
    }
    heap[index] = entry;
  }
}

function precedes(one: Entry<unknown>, other: Entry<unknown>): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.turn < other.turn);
}
