import { flag, fraction, type Setting, text, url, whole } from "./setting.ts";

/** Proposals of knowledge, their review, and embeddings. */
export const KNOWLEDGE_SETTINGS = {
  KNOWLEDGE_AUTO_APPROVAL_ENABLED: flag({
    about: "Whether proposals with enough confidence are approved without a person.",
    fallback: "true",
  }),
  KNOWLEDGE_AUTO_APPROVAL_CONFIDENCE_THRESHOLD: fraction({
    about: "Lowest confidence of a proposal that is approved without a person, from 0 to 1.",
    fallback: "0.95",
  }),
  KNOWLEDGE_AUTO_APPROVAL_BATCH_SIZE: whole(1, 500, {
    about: "Most proposals of each kind that one run of the automatic review approves.",
    fallback: "50",
  }),
  KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD: fraction({
    about: "Lowest cosine similarity, from 0 to 1, at which a proposal is flagged as a duplicate.",
    fallback: "0.85",
  }),
  KNOWLEDGE_DEDUP_BATCH_SIZE: whole(10, 1_000, {
    about: "Proposals of each kind that one statement of the deduplication scan compares.",
    fallback: "100",
  }),
  KNOWLEDGE_PROPOSAL_EXPIRATION_DAYS: whole(1, 365, {
    about: "Days after its creation at which a pending proposal is rejected.",
    fallback: "30",
  }),
  KNOWLEDGE_MODEL_CONFIDENCE_LIMIT: fraction({
    about:
      "Highest confidence, from 0 to 1, of what a language model finds in a message. Messages can make a model state any confidence: with a limit below KNOWLEDGE_AUTO_APPROVAL_CONFIDENCE_THRESHOLD a person decides about all that a model finds.",
    fallback: "0.9",
  }),
  KNOWLEDGE_METRICS_RETENTION_DAYS: whole(1, 3_650, {
    about: "Days that a snapshot of the metrics of proposals is kept.",
    fallback: "400",
  }),
  EMBEDDINGS_BASE_URL: url(["https", "http"], {
    about:
      "OpenAI-compatible API of embeddings: https://api.openai.com/v1, or https://<resource>.openai.azure.com/openai/v1/. Without it a local embedder compares words and letters; it does not know their meaning.",
  }),
  EMBEDDINGS_API_KEY: text({ about: "Key of the API of embeddings.", secret: true }),
  EMBEDDINGS_MODEL: text({ about: "Name of the embedding model; on Azure the name of the deployment." }),
  EMBEDDINGS_DIMENSIONS: whole(32, 2_000, {
    about: "Dimensions of an embedding. A service that returns others is refused. HNSW indexes hold at most 2,000.",
    fallback: "384",
  }),
  EMBEDDINGS_CACHE_DAYS: whole(1, 3_650, {
    about: "Days after its last use that the embedding of a text is kept, so that the text is not embedded again.",
    fallback: "90",
  }),
  EMBEDDINGS_INDEX_ENABLED: flag({
    about:
      "Whether vectors are searched by an index where PostgreSQL has pgvector. Without it a search compares all vectors.",
    fallback: "true",
  }),
  EMBEDDINGS_INDEX_MIN_VECTORS: whole(100, 100_000_000, {
    about: "Vectors of a kind from which on they get an index. A search of fewer compares all of them in a moment.",
    fallback: "20000",
  }),
  EMBEDDINGS_INDEX_MEMORY_MB: whole(16, 65_536, {
    about:
      "Memory of PostgreSQL, in MiB, to build an index in. One that does not fit takes several times as long: 100,000 vectors of 384 dimensions need about 150.",
    fallback: "256",
  }),
} satisfies Record<string, Setting<unknown>>;

/** An embedding service without its key or model cannot be called. */
export function embeddingFaults(values: Readonly<Record<string, unknown>>): string[] {
  if (!values.EMBEDDINGS_BASE_URL) return [];
  return ["EMBEDDINGS_API_KEY", "EMBEDDINGS_MODEL"].flatMap((name) =>
    values[name] ? [] : [`${name} is missing: EMBEDDINGS_BASE_URL needs it`],
  );
}
