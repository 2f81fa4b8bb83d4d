/** The cosine of the angle between two vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * A cosine as it is compared with the threshold and stored: from 0 to 1, to six decimals. A float32 has no more: its
 * 0.95 is less than a threshold of 0.95.
 */
export function similarityOf(cosineOfBoth: number): number {
  return Math.min(1, Math.max(0, Math.round(cosineOfBoth * 1e6) / 1e6));
}

export interface Similar<Id> {
  readonly id: Id;
  readonly score: number;
}

/** The entities at or above the threshold, most similar first, at most `k`. */
export function similarTo<Id>(
  vector: Float32Array,
  entities: Iterable<readonly [Id, Float32Array]>,
  { threshold, k }: { threshold: number; k: number },
): Similar<Id>[] {
  const found: Similar<Id>[] = [];
  for (const [id, other] of entities) {
    const score = similarityOf(cosine(vector, other));
    if (score >= threshold) found.push({ id, score });
  }
  return found.sort((a, b) => b.score - a.score).slice(0, k);
}
