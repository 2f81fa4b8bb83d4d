/** What a text is measured with: the width of a piece of it, in points, in the font and size in question. */
export type Measure = (text: string) => number;

/** Breaks a text into lines that are no wider than `width`; a word that is wider is broken where it must be. */
export function linesOf(text: string, width: number, measure: Measure): string[] {
  return text.split("\n").flatMap((line) => wrapped(line, width, measure));
}

function wrapped(text: string, width: number, measure: Measure): string[] {
  const space = measure(" ");
  const lines: string[] = [];
  let [line, used] = ["", 0];
  for (const word of text.split(/ +/).flatMap((one) => broken(one, width, measure))) {
    const wide = measure(word);
    if (line !== "" && used + space + wide > width) {
      lines.push(line);
      [line, used] = [word, wide];
    } else {
      used += (line === "" ? 0 : space) + wide;
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function broken(word: string, width: number, measure: Measure): string[] {
  if (word.length < 8 || measure(word) <= width) return [word];
  const pieces: string[] = [];
  let [piece, used] = ["", 0];
  for (const character of word) {
    const wide = measure(character);
    if (piece !== "" && used + wide > width) {
      pieces.push(piece);
      [piece, used] = ["", 0];
    }
    piece += character;
    used += wide;
  }
  return [...pieces, piece];
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

/**
 * The pieces of a line as they stand from left to right, a space between each two: the whole of it, or where there are right-to-left
 * words each word for itself, runs of these turned round. Letters within a word are the font's own affair. (Numbers between such words
 * turn with them, as they should; nested directions are not done.)
 */
export function inVisualOrder(line: string): string[] {
  if (!RIGHT_TO_LEFT.test(line)) return [line];
  const words = line.split(" ");
  const isTurned = words.map((word) => RIGHT_TO_LEFT.test(word));
  const turned: string[] = [];
  for (let at = 0; at < words.length;) {
    if (!isTurned[at]) {
      turned.push(words[at++]!);
      continue;
    }
    // As far as the last right-to-left word that only words without letters of another direction part from the first.
    let end = at;
    for (let next = at + 1; next < words.length && (isTurned[next] || !/\p{L}/u.test(words[next]!)); next++) {
      if (isTurned[next]) end = next;
    }
    turned.push(...words.slice(at, end + 1).reverse());
    at = end + 1;
  }
  return turned;
}
