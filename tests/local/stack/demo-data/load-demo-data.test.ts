import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { DemoData } from "#local/stack/demo-data/demo-data.ts";
import { loadDemoData } from "#local/stack/demo-data/load-demo-data.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";

interface Seen {
  readonly request: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server;
let app: { url: string; key: string; providerControl: string };
let seen: Seen[] = [];
let status = 200;
beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ request: `${request.method} ${request.url}`, headers: request.headers, body });
      response
        .writeHead(status, { "content-type": "application/json" })
        .end('{"id":"1","county":{"standsAt":"http://127.0.0.1:9"}}');
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  app = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: "the key", providerControl: "" };
  app.providerControl = `${app.url}/`;
});
afterAll(() => server.close());
beforeEach(() => {
  seen = [];
  status = 200;
});

const things: DemoData = {
  family: "things",
  async load(api) {
    await api.get("api/things");
    await api.post("api/things", { at: api.now }, "things 1");
    return "1 thing";
  },
};

it("a family's data is loaded through the API, with the key, once per state directory", async () => {
  const state = await temporaryDirectory();
  expect(await loadDemoData(app, state, [things])).toEqual(["Sample data: 1 thing."]);
  expect(seen).toMatchObject([
    { request: "GET /api/things", headers: { "x-functions-key": "the key" } },
    {
      request: "POST /api/things",
      headers: { "x-functions-key": "the key", "idempotency-key": "things 1", "content-type": "application/json" },
    },
  ]);
  expect(await loadDemoData(app, state, [things])).toEqual([]);
  expect(seen).toHaveLength(2);
});

it("an error is reported, stops no other family, and the next start sends the same requests", async () => {
  const state = await temporaryDirectory();
  status = 500;
  const others: DemoData = { family: "others", load: async () => "others" };
  const lines = await loadDemoData(app, state, [things, others]);
  expect(lines).toEqual([
    expect.stringMatching(/^Sample data of things failed to load, .*: GET api\/things gave 500: /),
    "Sample data: others.",
  ]);
  const posting: DemoData = { family: "things", load: async (api) => String(await api.post("api/x", { at: api.now })) };
  await loadDemoData(app, state, [posting]);
  status = 200;
  await loadDemoData(app, state, [posting]);
  expect(seen.at(-1)!.body).toBe(seen.at(-2)!.body);
});

it("a family gets the address of a fake provider; an unknown name is an error that lists the known ones", async () => {
  const asking = (name: string): DemoData => ({ family: name, load: (api) => api.provider(name) });
  const lines = await loadDemoData(app, await temporaryDirectory(), [asking("county"), asking("moon")]);
  expect(lines[0]).toBe("Sample data: http://127.0.0.1:9.");
  expect(lines[1]).toContain("no provider moon; there are id, county");
});
