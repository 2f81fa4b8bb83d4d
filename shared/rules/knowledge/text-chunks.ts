/**
 * Divides a text into parts of at most `most` characters, at the last empty line, else line, else sentence, else space
 * of each part. No part is empty.
 */
export function textChunks(text: string, most: number): string[] {
  const chunks: string[] = [];
  let rest = text.trim();
  while (rest.length > most) {
    const window = rest.slice(0, most);
    const ends = ["\n\n", "\n", ". ", " "].map((mark) => window.lastIndexOf(mark) + mark.trim().length);
    // The first half is large enough for any mark; a part of a few characters would cost a request of its own.
    const cut = ends.find((end) => end > most / 2) ?? wholeCharacters(window);
    chunks.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return [...chunks, rest].filter((chunk) => chunk !== "");
}

/** The length without a first half of a surrogate pair at its end. */
function wholeCharacters(text: string): number {
  return /[\uD800-\uDBFF]$/.test(text) ? text.length - 1 : text.length;
}
