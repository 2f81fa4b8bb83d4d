import type { CallPolicy } from "#jobs/call-policy.ts";
import type { Embedder, Embeddings } from "../embedder.ts";
import { openAiClient, openAiError } from "../openai-client.ts";
import { withinPolicy } from "../outbound/within-policy.ts";
import { ProviderError } from "../provider-error.ts";

export interface ServiceOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly dimensions: number;
  readonly policy?: CallPolicy | undefined;
  /** US dollars for a million tokens. Default: the cost is unknown. */
  readonly price?: number | undefined;
}

/** Milliseconds of one request. */
const TIMEOUT_MS = 60_000;
/** A token has at least one byte, and OpenAI's models read at most 8,192 tokens of a text. */
const LONGEST_TEXT_BYTES = 8_192;
/** OpenAI accepts at most 2,048 texts of 300,000 tokens a request. */
const MOST_TEXTS = 512;
const MOST_BYTES = 256 * 1_024;

/**
 * Embeds texts by a service with an OpenAI-compatible API: OpenAI, Azure OpenAI (`https://…/openai/v1/`) and others. Of
 * a text longer than 8,192 bytes the service gets the beginning.
 */
export function serviceEmbedder({ baseUrl, apiKey, model, dimensions, policy, price }: ServiceOptions): Embedder {
  const client = openAiClient({ baseUrl, apiKey, timeoutMs: TIMEOUT_MS });
  let asksForDimensions = true;
  const request = async (input: string[], signal: AbortSignal): Promise<unknown> => {
    const asked = asksForDimensions ? { dimensions } : {};
    // Its other format, base64, is one that compatible services ignore and the client then misreads.
    const body = { model, input, encoding_format: "float", ...asked } as const;
    try {
      return await (await client()).embeddings.create(body, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!asksForDimensions || !refusesDimensions(error)) {
        throw openAiError(error, { provider: "embeddings", service: "the embedding service", now: new Date() });
      }
      asksForDimensions = false;
      return request(input, signal);
    }
  };
  return {
    model: `${model}/${dimensions}`,
    dimensions,
    async embed(texts, signal) {
      const vectors: Float32Array[] = [];
      let tokens = 0;
      for (const batch of batches(texts.map(beginning))) {
        const made = await withinPolicy(
          { provider: "embeddings", policy, signal },
          async () => readEmbeddings(await request(batch, signal), { count: batch.length, dimensions }),
          // A dollar for a million tokens is 100 millionths of a cent for one.
          (result) => ({ microcents: price && 100 * price * result.tokens }),
        );
        vectors.push(...made.vectors);
        tokens += made.tokens;
      }
      return { vectors, tokens };
    },
  };
}

/** Older models have dimensions of their own, and refuse to be asked for others. */
function refusesDimensions(error: unknown): boolean {
  const { status, message = "" } = error as { readonly status?: number; readonly message?: string };
  return status === 400 && /\bdimensions\b/i.test(message);
}

/** The whole characters within the limit. An empty text, which the service refuses, becomes a space. */
function beginning(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST_TEXT_BYTES) return text || " ";
  // A character that is cut decodes to at most one replacement character.
  return bytes
    .subarray(0, LONGEST_TEXT_BYTES)
    .toString()
    .replace(/\uFFFD$/, "");
}

/** The texts in their order, in requests within the limits. */
function batches(texts: readonly string[]): string[][] {
  const all: string[][] = [];
  let bytes = MOST_BYTES;
  for (const text of texts) {
    const length = Buffer.byteLength(text);
    if (bytes + length > MOST_BYTES || all.at(-1)!.length === MOST_TEXTS) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)!.push(text);
    bytes += length;
  }
  return all;
}

/** The vectors of a response, checked: the client checks nothing. */
function readEmbeddings(response: unknown, expected: { count: number; dimensions: number }): Embeddings {
  const { data, usage } = (response ?? {}) as {
    readonly data?: readonly { readonly index?: unknown; readonly embedding?: unknown }[];
    readonly usage?: { readonly total_tokens?: unknown };
  };
  if (!Array.isArray(data) || data.length !== expected.count) {
    throw unusable(`${Array.isArray(data) ? data.length : "no"} embeddings for ${expected.count} texts`);
  }
  const vectors = new Map(
    data.map(({ index, embedding }) => [index, unitVector(embedding, expected.dimensions)] as const),
  );
  const inOrder = Array.from({ length: expected.count }, (_, index) => {
    const vector = vectors.get(index);
    if (!vector) throw unusable(`no embedding with index ${index}`);
    return vector;
  });
  const tokens = usage?.total_tokens;
  return { vectors: inOrder, tokens: typeof tokens === "number" && tokens >= 0 ? tokens : 0 };
}

function unitVector(embedding: unknown, dimensions: number): Float32Array {
  if (!Array.isArray(embedding)) throw unusable("an embedding that is no list of numbers");
  if (embedding.length !== dimensions) {
    throw unusable(`an embedding of ${embedding.length} dimensions, but EMBEDDINGS_DIMENSIONS is ${dimensions}`);
  }
  const numbers = embedding as readonly unknown[];
  if (!numbers.every((value) => typeof value === "number" && Number.isFinite(value))) {
    throw unusable("an embedding with a value that is no number");
  }
  const values = numbers as readonly number[];
  const length = Math.hypot(...values);
  const vector = Float32Array.from(values, (value) => value / length);
  if (!(length > 0 && Number.isFinite(length)) || !vector.some((value) => value !== 0)) {
    throw unusable("an embedding of zeros");
  }
  return vector;
}

/** The same request would get the same answer. */
function unusable(what: string): ProviderError {
  return new ProviderError(`the embedding service returned ${what}`, {
    provider: "embeddings",
    errorClass: "validation",
  });
}
