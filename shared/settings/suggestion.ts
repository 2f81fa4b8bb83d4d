/** Typing errors that a name may have and still be recognised. */
const MOST_ERRORS = 2;

/** The known name that `name` was probably meant to be, if one is within two typing errors; the closest, and of those the first. */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = MOST_ERRORS + 1;
  for (const candidate of known) {
    if (!isAlike(name, candidate)) continue;
    const errors = editDistance(name, candidate, fewest - 1);
    if (errors < fewest) [best, fewest] = [candidate, errors];
  }
  return best;
}

/** From this length on two errors cannot touch both ends of a name. */
const LONG = 8;

/** Whether two names begin or end alike. Start-up compares hundreds of names with hundreds: nearly all are told apart here. */
function isAlike(a: string, b: string): boolean {
  const longer = a.length - b.length;
  if (longer > MOST_ERRORS || longer < -MOST_ERRORS) return false;
  if (a.length < LONG) return true;
  return a.startsWith(b.slice(0, 3)) || a.endsWith(b.slice(-3));
}

/** Levenshtein's distance; anything above `limit` is `Infinity`, and found out soon. */
export function editDistance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let [left, least, diagonal] = [i, i, i - 1];
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] ?? Infinity;
      left = Math.min(above + 1, left + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1));
      least = Math.min(least, left);
      diagonal = above;
      next.push(left);
    }
    // No later row can come below the least of this one.
    if (least > limit) return Infinity;
    row = next;
  }
  const distance = row[b.length] ?? Infinity;
  return distance > limit ? Infinity : distance;
}
