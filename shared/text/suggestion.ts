/** Maximum typing errors in a name that is still recognised. */
const MAX_ERRORS = 2;

/** The known name closest to `name`, if one is within two typing errors; of equally close names the first. */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = MAX_ERRORS + 1;
  for (const candidate of known) {
    if (!isAlike(name, candidate)) continue;
    const errors = editDistance(name, candidate, fewest - 1);
    if (errors < fewest) [best, fewest] = [candidate, errors];
  }
  return best;
}

/** In names of this length or more, two errors cannot change both ends. */
const LONG = 8;

/** Whether two names share a beginning or an end: a cheap check, as start-up compares hundreds of names. */
function isAlike(a: string, b: string): boolean {
  const longer = a.length - b.length;
  if (longer > MAX_ERRORS || longer < -MAX_ERRORS) return false;
  if (a.length < LONG) return true;
  return a.startsWith(b.slice(0, 3)) || a.endsWith(b.slice(-3));
}

/** The Levenshtein distance; `Infinity` above `limit`, found early. */
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
    // No later row has a smaller value than the minimum of this one.
    if (least > limit) return Infinity;
    row = next;
  }
  const distance = row[b.length] ?? Infinity;
  return distance > limit ? Infinity : distance;
}
