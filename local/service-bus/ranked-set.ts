interface Entry<Key> {
  readonly key: Key;
  readonly rank: number;
}

/**
 * A set whose members have a rank; the member of the lowest rank is always at hand.
 * Setting and taking cost O(log n). Removed members stay in the heap until they surface or outnumber the living.
 */
export class RankedSet<Key> {
  readonly #ranks = new Map<Key, number>();
  #heap: Entry<Key>[] = [];

  get size(): number {
    return this.#ranks.size;
  }

  has(key: Key): boolean {
    return this.#ranks.has(key);
  }

  set(key: Key, rank: number): void {
    this.#ranks.set(key, rank);
    this.#heap.push({ key, rank });
    this.#siftUp(this.#heap.length - 1);
    this.#sweep();
  }

  delete(key: Key): boolean {
    return this.#ranks.delete(key);
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
      this.#ranks.delete(head.key);
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
    return this.#ranks.get(entry.key) === entry.rank;
  }

  /** Without this, members that are removed long before they surface (settled messages with a long time to live) would pile up. */
  #sweep(): void {
    if (this.#heap.length <= 2 * this.#ranks.size + 64) return;
    this.#heap = Array.from(this.#ranks, ([key, rank]) => ({ key, rank })).sort((a, b) => a.rank - b.rank);
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
      if (!parent || parent.rank <= entry.rank) break;
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
      const smaller = right && left && right.rank < left.rank ? right : left;
      if (!smaller || smaller.rank >= entry.rank) break;
      heap[index] = smaller;
      index = 2 * index + (smaller === left ? 1 : 2);
    }
    heap[index] = entry;
  }
}
