import { afterAll, beforeEach, expect, it } from "vitest";
import { serviceEmbedder } from "#providers/embeddings/service-embedder.ts";
import { embeddings, startEmbeddingServer } from "./embedding-server.ts";

const dimensions = 32;
const { signal } = new AbortController();
const vector = (first: unknown = 3) => [first, 4, ...new Array<number>(dimensions - 2).fill(0)];

const service = await startEmbeddingServer(() => embeddings([]));
afterAll(() => service.close());
beforeEach(() => {
  service.requests.length = 0;
  service.answer = ({ input }) => embeddings(input.map(() => vector()));
});
const open = () => serviceEmbedder({ baseUrl: service.url, apiKey: "a-secret-key", model: "small", dimensions });

it("returns vectors of length 1 in the order of the texts, and the tokens of all requests", async () => {
  service.answer = ({ input }) => {
    const answer = embeddings(input.map((text) => vector(Number(text))));
    (answer.body as { data: unknown[] }).data.reverse();
    return answer;
  };
  const texts = Array.from({ length: 600 }, (_, i) => `${i}`);
  const made = await open().embed(texts, signal);
  expect(service.requests.map(({ input }) => input.length)).toEqual([512, 88]);
  expect(made.tokens).toBe(14);
  expect(made.vectors[3]!.slice(0, 2)).toEqual(Float32Array.of(0.6, 0.8));
  expect(made.vectors.map((each) => Math.round((each[0]! / each[1]!) * 4))).toEqual(texts.map(Number));
});

it("keeps a request within 256 KiB, and sends the beginning of a text that is longer than any model reads", async () => {
  await open().embed([...new Array<string>(100).fill("é".repeat(5_000)), "", "short"], signal);
  const sizes = service.requests.map(({ input }) => Buffer.byteLength(input.join("")));
  expect(sizes.every((bytes) => bytes <= 256 * 1_024)).toBe(true);
  expect(service.requests[0]!.input[0]).toBe("é".repeat(4_096));
  expect(service.requests.at(-1)!.input.slice(-2)).toEqual([" ", "short"]);
});

it("is asked for its dimensions, and once without them when the model refuses them", async () => {
  const embedder = open();
  service.answer = ({ input, dimensions: asked }) =>
    asked === undefined
      ? embeddings(input.map(() => vector()))
      : { status: 400, body: { error: { message: "This model does not support specifying dimensions." } } };
  await embedder.embed(["a"], signal);
  await embedder.embed(["b"], signal);
  expect(service.requests.map((request) => request.dimensions)).toEqual([dimensions, undefined, undefined]);
  expect(embedder.model).toBe(`small/${dimensions}`);
});

it.each([
  ["of other dimensions", [[1, 2, 3]], "an embedding of 3 dimensions, but EMBEDDINGS_DIMENSIONS is 32"],
  ["of zeros", [new Array<number>(dimensions).fill(0)], "an embedding of zeros"],
  ["with a value that JSON cannot hold", [vector(null)], "an embedding with a value that is no number"],
  ["for too few texts", [], "0 embeddings for 1 texts"],
])("refuses an embedding %s, and is not retried", async (_, answer, reason) => {
  service.answer = () => embeddings(answer);
  await expect(open().embed(["a"], signal)).rejects.toMatchObject({
    name: "ProviderError",
    errorClass: "validation",
    message: `the embedding service returned ${reason}`,
  });
  expect(service.requests).toHaveLength(1);
});

it.each([
  [429, "rate_limit_exceeded", "rate_limited", { "retry-after": "3600" }, 3_600_000],
  [429, "insufficient_quota", "validation", {}, undefined],
  [404, "model_not_found", "validation", {}, undefined],
  [401, "invalid_api_key", "auth", {}, undefined],
  [503, "overloaded", "transient", {}, undefined],
])("turns HTTP %i %s into an error of class %s, after one request", async (status, code, errorClass, headers, wait) => {
  service.answer = () => ({ status, headers, body: { error: { code, message: "about a-secret-key and the text" } } });
  const failure: unknown = await open()
    .embed(["the text"], signal)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ errorClass, retryAfterMs: wait });
  expect(JSON.stringify(failure) + String(failure)).not.toMatch(/a-secret-key|the text/);
  expect(service.requests).toHaveLength(1);
});

it("ends with the reason of the signal", async () => {
  const stop = new AbortController();
  service.answer = () => {
    stop.abort(new Error("cancelled"));
    return { status: 503, body: {} };
  };
  await expect(open().embed(["a"], stop.signal)).rejects.toThrow("cancelled");
});
