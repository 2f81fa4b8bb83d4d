/** The smallest parts of a filter expression. */
export type Word =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly value: string }
  | { readonly kind: "sign"; readonly value: "(" | ")" | "," };

const WORD = /\s*(?:'((?:[^']|'')*)'|([+-]?\d+)|([A-Za-z]+)|([(),]))/y;

/** @throws Error at the first sign that begins no word */
export function wordsOf(expression: string): Word[] {
  const words: Word[] = [];
  WORD.lastIndex = 0;
  const end = expression.trimEnd().length;
  for (let position = 0; position < end; position = WORD.lastIndex) {
    const match = WORD.exec(expression);
    if (!match) throw new Error(`unexpected ${JSON.stringify(expression.slice(position, position + 20))}`);
    const [, text, digits, name, sign] = match;
    if (text !== undefined) words.push({ kind: "text", value: text.replaceAll("''", "'") });
    else if (digits !== undefined) words.push({ kind: "number", value: Number(digits) });
    else if (name !== undefined) words.push({ kind: "name", value: name.toLowerCase() });
    else words.push({ kind: "sign", value: sign as "(" });
  }
  return words;
}
