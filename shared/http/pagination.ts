/** Some rows of a list. */
interface Page<Row> {
  readonly rows: readonly Row[];
  /** The last row when more follow: the cursor of the next page is made from it. Null on the last page. */
  readonly nextAfter: Row | null;
}

/**
 * Reads a page with one row more than it shows, which says whether another page follows; so the last page is never
 * empty.
 */
export async function readPage<Row>(
  limit: number,
  list: (limit: number) => Promise<readonly Row[]>,
): Promise<Page<Row>> {
  const found = await list(limit + 1);
  const rows = found.slice(0, limit);
  return { rows, nextAfter: found.length > limit ? rows.at(-1)! : null };
}
