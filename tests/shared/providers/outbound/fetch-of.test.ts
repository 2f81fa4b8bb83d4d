import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import type { CallOutcome, CallPolicy, PlannedCall } from "#jobs/call-policy.ts";
import { outbound } from "#providers/outbound.ts";
import { fetchOf } from "#providers/outbound/fetch-of.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serving(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.close().closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A policy that lets every call start, and what it recorded. */
function recording() {
  const begun: PlannedCall[] = [];
  const ended: CallOutcome[] = [];
  const policy: CallPolicy = {
    begin: async (call) => {
      begun.push(call);
      return {
        async ended(outcome) {
          ended.push(outcome);
          return undefined;
        },
      };
    },
    limited: vi.fn<CallPolicy["limited"]>(),
  };
  return { policy, begun, ended };
}

test("a request of an SDK reaches the provider with its method, headers and body", async () => {
  const baseUrl = await serving((request, response, body) => {
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ method: request.method, url: request.url, type: request.headers["content-type"], body }),
    );
  });
  const { policy, begun } = recording();
  const fetch = fetchOf(outbound({ provider: "notion", baseUrl, policy }));
  const headers = { "content-type": "application/json", authorization: "Bearer secret" };
  const response = await fetch(`${baseUrl}v1/search?q=a`, { method: "POST", headers, body: '{"query":"x"}' });
  expect(response.ok).toBe(true);
  expect(await response.json()).toEqual({
    method: "POST",
    url: "/v1/search?q=a",
    type: "application/json",
    body: '{"query":"x"}',
  });
  expect(begun).toMatchObject([{ provider: "notion", path: "/v1/search" }]);
});

test("a response with an error status is a Response, and the policy records its status", async () => {
  const baseUrl = await serving((_request, response) => {
    response.statusCode = 429;
    response.setHeader("retry-after", "7");
    response.setHeader("content-encoding", "gzip");
    response.end(gzipSync('{"code":"rate_limited"}'));
  });
  const { policy, ended } = recording();
  const response = await fetchOf(outbound({ provider: "notion", baseUrl, policy }))(baseUrl);
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
  expect(await response.text()).toBe('{"code":"rate_limited"}');
  expect(ended[0]).toEqual({ status: 429, retryAfterMs: 7_000 });
});

test("a response without content has no body", async () => {
  const baseUrl = await serving((_request, response) => {
    response.statusCode = 204;
    response.end();
  });
  const response = await fetchOf(outbound({ provider: "n8n", baseUrl }))(baseUrl, { method: "DELETE" });
  expect([response.status, await response.text()]).toEqual([204, ""]);
});

test("another host is refused, and the policy gets no call", async () => {
  const baseUrl = await serving((_request, response) => response.end());
  const { policy, begun } = recording();
  const fetch = fetchOf(outbound({ provider: "hubspot", baseUrl, policy }));
  await expect(fetch("https://elsewhere.example/")).rejects.toThrow("elsewhere.example is not one of its hosts");
  expect(begun).toEqual([]);
});

test("an aborted request rejects with the reason of its signal and counts as no failure", async () => {
  const baseUrl = await serving(() => undefined);
  const { policy, begun, ended } = recording();
  const stop = new AbortController();
  const request = fetchOf(outbound({ provider: "n8n", baseUrl, policy }))(baseUrl, { signal: stop.signal });
  await vi.waitFor(() => {
    expect(begun).toHaveLength(1);
  });
  stop.abort(new Error("stopped"));
  await expect(request).rejects.toThrow("stopped");
  expect(ended[0]).toEqual({});
});
