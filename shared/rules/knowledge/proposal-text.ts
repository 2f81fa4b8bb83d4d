import { createHash } from "node:crypto";

/** The text that is embedded for a topic, and the text by which two topics are the same. */
export function topicTexts(name: string, description: string): { embedded: string; exact: string } {
  return { embedded: description ? `${name}\n${description}` : name, exact: name };
}

/** The text that is embedded for an atom, and the text by which two atoms are the same: a title alone is too little. */
export function atomTexts(title: string, content: string): { embedded: string; exact: string } {
  return { embedded: `${title}\n${content}`, exact: content };
}

/** The same by kind: of a topic its name and description, of an atom its title and content. */
export const knowledgeTexts = { topic: topicTexts, atom: atomTexts } as const;

/** SHA-256 of the text to embed. */
export function contentHash(embedded: string): Buffer {
  return createHash("sha256").update(embedded).digest();
}

/** SHA-256 of the normalised text: equal for texts that differ in nothing but writing. */
export function exactKey(text: string): Buffer {
  return createHash("sha256").update(normalisedText(text)).digest();
}

/**
 * The text in lower case and in Unicode's compatible composed form (NFKC), with plain quotes and hyphens, single spaces
 * and no punctuation at its end. Signs inside stay: `C`, `C++` and `C#` are three texts, as are `5 %` and `-5 %`.
 */
export function normalisedText(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[‘’‚‛′`´]/g, "'")
    .replace(/[“”„‟″«»]/g, '"')
    .replace(/[‐‑‒–—―−]/g, "-")
    .replace(/[\s\p{Cf}]+/gu, " ")
    .trim()
    .replace(/(?<=[^.!?…\s])[.!?…\s]+$/u, "");
}
