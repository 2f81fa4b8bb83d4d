/** An entity and the cosine of the angle between its vector and the given one, from -1 to 1. */
export interface Neighbour {
  readonly id: number;
  readonly similarity: number;
}

/** The most similar of the entities that were offered, best first; at the same similarity the older entity first. */
export class BestMatches {
  readonly #size: number;
  readonly #best: Neighbour[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** The lowest similarity that can still be among the best. */
  get limit(): number {
    return this.#best.length < this.#size ? -Infinity : (this.#best.at(-1)?.similarity ?? Infinity);
  }

  get all(): readonly Neighbour[] {
    return this.#best;
  }

  offer(id: number, similarity: number): void {
    if (similarity < this.limit) return;
    let place = this.#best.length;
    while (place > 0 && isBefore({ id, similarity }, this.#best[place - 1]!)) place--;
    this.#best.splice(place, 0, { id, similarity });
    if (this.#best.length > this.#size) this.#best.pop();
  }
}

function isBefore(a: Neighbour, b: Neighbour): boolean {
  return a.similarity > b.similarity || (a.similarity === b.similarity && a.id < b.id);
}
