import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Asked {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Closes the connection instead. */
  readonly hangUp?: true;
}

export interface FakeAdminApi {
  readonly url: string;
  readonly key: string;
  /** ROTA_URL and ROTA_KEY for this app. */
  readonly env: Readonly<Record<string, string>>;
  readonly asked: readonly Asked[];
}

/** A fake admin API on loopback: 401 without the key, otherwise the test's answer. */
export async function startFakeAdminApi(answer: (asked: Asked, count: number) => Answer): Promise<FakeAdminApi> {
  const key = "the-operators-key";
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
      const one: Asked = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      asked.push(one);
      const isAllowed = request.headers["x-functions-key"] === key;
      const {
        status = 200,
        headers,
        json,
        text,
        hangUp,
      }: Answer = isAllowed ? answer(one, asked.length) : { status: 401, text: "" };
      if (hangUp) return request.socket.destroy();
      response.writeHead(status, { ...(json !== undefined && { "content-type": "application/json" }), ...headers });
      return response.end(json === undefined ? text : JSON.stringify(json));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, key, env: { ROTA_URL: url, ROTA_KEY: key }, asked };
}

export function problem(status: number, detail: string): Answer {
  return {
    status,
    headers: { "content-type": "application/problem+json" },
    json: { type: "urn:rota:problem:x", status, detail },
  };
}

/** An address on which no server listens. */
export async function closedAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}
