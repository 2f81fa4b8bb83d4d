import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

interface Request {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
  readonly encoding_format: string;
}

export interface EmbeddingAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An embedding service on loopback, in the form of OpenAI's. `answer` makes the response to each request. */
export async function startEmbeddingServer(answer: (request: Request) => EmbeddingAnswer) {
  const requests: Request[] = [];
  const service = { url: "", requests, answer, close: () => server.close() };
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      requests.push(body as Request);
      const { status = 200, headers = {}, body: answered } = service.answer(body as Request);
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answered));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return service;
}

/** A response with these embeddings. */
export function embeddings(vectors: readonly (readonly unknown[])[]): EmbeddingAnswer {
  const data = vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
  return { body: { object: "list", data, model: "sample", usage: { prompt_tokens: 7, total_tokens: 7 } } };
}
