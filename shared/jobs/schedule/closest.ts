/** The option whose key is spelled most like `text`, ignoring case, if at most a third of the letters would have to change. */
export function closest(
  text: string,
  options: readonly string[],
  keyOf: (option: string) => string,
): string | undefined {
  const wanted = text.toLowerCase();
  let best: string | undefined;
  let fewest = Math.floor(wanted.length / 3) + 1;
  for (const option of options) {
    const edits = editsBetween(wanted, keyOf(option).toLowerCase());
    if (edits < fewest) [best, fewest] = [option, edits];
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [done, letter] of Array.from(from).entries()) {
    const next = [done + 1];
    for (const [index, other] of Array.from(to).entries()) {
      const replaced = (row[index] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
