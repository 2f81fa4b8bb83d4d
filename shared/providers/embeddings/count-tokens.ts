import type { Embedder } from "../embedder.ts";

/** The embedder, with the tokens that its service has charged for through it. */
export function countTokens(embedder: Embedder): Embedder & { readonly tokens: number } {
  let tokens = 0;
  return {
    model: embedder.model,
    dimensions: embedder.dimensions,
    async embed(texts, signal) {
      const embedded = await embedder.embed(texts, signal);
      tokens += embedded.tokens;
      return embedded;
    },
    get tokens() {
      return tokens;
    },
  };
}
