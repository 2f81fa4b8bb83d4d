import type { Config } from "#settings/config.ts";
import type { Embedder } from "../embedder.ts";
import { localEmbedder } from "./local-embedder.ts";

/** The embedder of the settings. */
export function openEmbedder({ EMBEDDINGS_DIMENSIONS: dimensions }: Pick<Config, "EMBEDDINGS_DIMENSIONS">): Embedder {
  return localEmbedder(dimensions);
}
