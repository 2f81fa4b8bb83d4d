/** Some of a list's rows. */
interface Page<Row> {
  readonly rows: readonly Row[];
  /** The last of them where the list goes on behind it: what the next page's cursor is made of. Null on the last page. */
  readonly goesOnAfter: Row | null;
}

/** Reads a page. One row more than it has is asked for: whether a list goes on is seen, and no last page is empty. */
export async function pageOf<Row>(limit: number, list: (limit: number) => Promise<readonly Row[]>): Promise<Page<Row>> {
  const found = await list(limit + 1);
  const rows = found.slice(0, limit);
  return { rows, goesOnAfter: found.length > limit ? rows.at(-1)! : null };
}
