import type { CallPolicy } from "#jobs/call-policy.ts";
import type { Config } from "#settings/config.ts";
import type { Embedder } from "../embedder.ts";
import { localEmbedder } from "./local-embedder.ts";
import { serviceEmbedder } from "./service-embedder.ts";

type EmbeddingSettings = Pick<
  Config,
  | "ALLOW_INTERNET_SYNC"
  | "EMBEDDINGS_BASE_URL"
  | "EMBEDDINGS_API_KEY"
  | "EMBEDDINGS_MODEL"
  | "EMBEDDINGS_DIMENSIONS"
  | "EMBEDDINGS_PRICE"
>;

/**
 * The service of the settings, or else the local embedder: without a service, or where the internet is not allowed.
 * @param policy of the calls of the service; default: every call starts at once
 */
export function openEmbedder(settings: EmbeddingSettings, policy?: CallPolicy): Embedder {
  const {
    EMBEDDINGS_BASE_URL: baseUrl,
    EMBEDDINGS_API_KEY: apiKey,
    EMBEDDINGS_MODEL: model,
    EMBEDDINGS_DIMENSIONS: dimensions,
  } = settings;
  return settings.ALLOW_INTERNET_SYNC && baseUrl && apiKey && model
    ? serviceEmbedder({ baseUrl, apiKey, model, dimensions, policy, price: settings.EMBEDDINGS_PRICE })
    : localEmbedder(dimensions);
}
