import { editDistance } from "./suggestion.ts";

/**
 * The option whose key is spelled most like `text`, ignoring case, if at most a third of the letters would have to
 * change.
 */
export function closest(
  text: string,
  options: readonly string[],
  keyOf: (option: string) => string,
): string | undefined {
  const wanted = text.toLowerCase();
  let best: string | undefined;
  let fewest = Math.floor(wanted.length / 3) + 1;
  for (const option of options) {
    const edits = editDistance(wanted, keyOf(option).toLowerCase());
    if (edits < fewest) [best, fewest] = [option, edits];
  }
  return best;
}
