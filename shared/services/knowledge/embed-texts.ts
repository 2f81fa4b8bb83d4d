import type { Db } from "#data/client.ts";
import { cachedVectors, cacheVectors } from "#data/vectors/cached-embeddings.ts";
import type { Embedder } from "#providers/embedder.ts";
import { contentHash } from "#rules/knowledge/proposal-text.ts";

/** Texts whose vectors are made and cached at once: a process that ends loses the work on one batch. */
const BATCH = 256;

export interface EmbedContext {
  /** Not a transaction: the embedder may call a service. */
  readonly db: Db;
  readonly embedder: Embedder;
  readonly signal: AbortSignal;
}

export interface EmbeddedTexts {
  /** One vector of length 1 for each text, in their order. */
  readonly vectors: readonly Float32Array[];
  /** The texts whose vectors were not in the cache. */
  readonly generated: number;
  /** The tokens that the service charges for them. */
  readonly tokens: number;
}

/**
 * The vectors of texts, from the cache or else from the embedder. A text that occurs twice is embedded once.
 * @throws ProviderError when the service fails; finished batches are cached
 */
export async function embedTexts(
  { db, embedder, signal }: EmbedContext,
  texts: readonly string[],
): Promise<EmbeddedTexts> {
  const hashes = texts.map(contentHash);
  const keys = hashes.map((hash) => hash.toString("hex"));
  const unique = new Map(keys.map((key, i) => [key, { contentHash: hashes[i]!, text: texts[i]! }]));
  const vectors = await cachedVectors(
    db,
    embedder.model,
    [...unique.values()].map(({ contentHash }) => contentHash),
  );
  const missing = [...unique].filter(([key]) => !vectors.has(key)).map(([key, text]) => ({ key, ...text }));
  let tokens = 0;
  for (let from = 0; from < missing.length; from += BATCH) {
    const batch = missing.slice(from, from + BATCH);
    const made = await embedder.embed(
      batch.map(({ text }) => text),
      signal,
    );
    tokens += made.tokens;
    const rows = batch.map((entry, i) => ({ ...entry, vector: made.vectors[i]! }));
    await cacheVectors(db, embedder.model, rows);
    for (const { key, vector } of rows) vectors.set(key, vector);
  }
  return { vectors: keys.map((key) => vectors.get(key)!), generated: missing.length, tokens };
}
