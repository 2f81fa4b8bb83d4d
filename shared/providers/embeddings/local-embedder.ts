import type { Embedder } from "../embedder.ts";
import { hashedNgrams } from "./hashed-ngrams.ts";

/**
 * Embeds texts by their words and letters, without a network. It knows no meaning: "car" and "automobile" have nothing
 * in common, "I agree" and "I do not agree" nearly everything.
 */
export function localEmbedder(dimensions: number): Embedder {
  return {
    model: `local-ngrams-1/${dimensions}`,
    dimensions,
    embed: async (texts, signal) => {
      signal.throwIfAborted();
      return { vectors: texts.map((text) => hashedNgrams(text, dimensions)), tokens: 0 };
    },
  };
}
