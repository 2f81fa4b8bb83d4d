/**
 * Repeats a statement that takes at most `limit` rows until it takes none. Large statements in one transaction go in
 * steps, because PostgreSQL holds a queued check of foreign keys for each row of a statement in memory.
 * @returns the sum of the rows
 */
export async function inSteps(limit: number, step: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const rows = await step(limit);
    total += rows;
    if (rows === 0) return total;
  }
}
