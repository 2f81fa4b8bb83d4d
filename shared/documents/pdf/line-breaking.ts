/** Measures the width of a text in points, in a given font and size. */
export type Measure = (text: string) => number;

/** Breaks a text into lines of at most `width` points; a wider word is broken within. */
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
 * The pieces of a line from left to right, to be drawn with spaces between: the whole line, or, with right-to-left
 * words, single words with runs of such words reversed. The font orders the letters of a word. Numbers between such
 * words are reversed with them; nested directions are not supported.
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
    // The run ends at the last right-to-left word before a word with left-to-right letters.
    let end = at;
    for (let next = at + 1; next < words.length && (isTurned[next] || !/\p{L}/u.test(words[next]!)); next++) {
      if (isTurned[next]) end = next;
    }
    turned.push(...words.slice(at, end + 1).reverse());
    at = end + 1;
  }
  return turned;
}
