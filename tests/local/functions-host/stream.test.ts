import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { startHost, type TestHost, writeApp } from "./host-harness.ts";

const APP = `
import { app } from "@azure/functions";
app.setup({ enableHttpStream: true });
const signals = new Map();
const signal = (name) => {
  if (!signals.has(name)) signals.set(name, Promise.withResolvers());
  return signals.get(name);
};
app.http("signal", { route: "signal/{name}", methods: ["POST"], handler: (request) => { signal(request.params.name).resolve(); return {}; } });
app.http("echo", { route: "echo/{id?}", methods: ["GET", "POST", "DELETE", "HEAD"], handler: async (request) => ({
  jsonBody: {
    method: request.method, url: request.url, params: request.params, query: [...request.query],
    header: request.headers.get("x-test"), body: await request.text(),
  },
}) });
app.http("piped", { methods: ["POST"], handler: (request) => ({ body: request.body, headers: { "content-type": "text/x" } }) });
app.http("slowly", { methods: ["GET"], handler: () => ({ body: new ReadableStream({ async start(controller) {
  controller.enqueue(new TextEncoder().encode("first "));
  await signal("second").promise;
  controller.enqueue(new TextEncoder().encode("second"));
  controller.close();
} }) }) });
app.http("counted", { methods: ["POST"], handler: async (request, context) => {
  let size = 0;
  for await (const chunk of request.body) { if (size === 0) context.log("first bytes"); size += chunk.length; }
  return { body: String(size) };
} });
app.http("unread", { methods: ["POST"], handler: () => ({ status: 401, body: "not read" }) });
app.http("silent", { methods: ["GET"], handler: () => undefined });
app.http("failing", { methods: ["POST"], handler: () => { throw new Error("secret detail"); } });
app.http("breaking", { methods: ["GET"], handler: () => ({ body: new ReadableStream({ async start(controller) {
  controller.enqueue(new TextEncoder().encode("some"));
  await signal("break").promise;
  controller.error(new Error("broken stream"));
} }) }) });
app.http("cookie", { methods: ["GET"], handler: () => ({ status: 201, headers: { "x-one": "1" }, cookies: [{ name: "a", value: "1" }, { name: "b", value: "2" }] }) });
app.http("hold", { methods: ["POST"], handler: async (request, context) => {
  context.log("holding");
  try { await request.text(); } catch (error) { context.log("upload ended: " + error.message); }
  return { body: "done" };
} });
`;

describe("HTTP functions of an app that streams", () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await startHost(await writeApp(APP), { settings: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "20000000" } });
  });

  function open(path: string, method = "POST") {
    const request = httpRequest(new URL(`/api/${path}`, host.address), { method });
    const response = once(request, "response").then(([message]) => message as IncomingMessage);
    return { request, response };
  }

  async function textOf(message: IncomingMessage): Promise<string> {
    let text = "";
    for await (const chunk of message.setEncoding("utf8")) text += chunk as string;
    return text;
  }

  it("get method, URL, parameters, headers, body, and each value of a repeated query name", async () => {
    const response = await host.fetch("/api/echo/7%20a?a=1&a=2", {
      method: "POST",
      body: "héllo",
      headers: { "x-test": "t" },
    });
    expect(await response.json()).toEqual({
      method: "POST",
      url: `${host.address}api/echo/7%20a?a=1&a=2`,
      params: { id: "7 a" },
      query: [
        ["a", "1"],
        ["a", "2"],
      ],
      header: "t",
      body: "héllo",
    });
    for (const method of ["GET", "DELETE"]) {
      expect(await (await host.fetch("/api/echo", { method })).json()).toMatchObject({ method, params: {}, body: "" });
    }
    expect((await host.fetch("/api/echo", { method: "HEAD" })).status).toBe(200);
  });

  it("stream their response", async () => {
    const response = await host.fetch("/api/slowly");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("first ");
    await host.fetch("/api/signal/second", { method: "POST" });
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("second");
    expect((await reader.read()).done).toBe(true);
  });

  it("read a body while it is still being sent", async () => {
    const { request, response } = open("counted");
    request.write("x".repeat(10));
    await host.line("first bytes");
    request.end("y".repeat(5));
    expect(await textOf(await response)).toBe("15");
  });

  it("pipe a large body through unchanged", async () => {
    const body = Buffer.alloc(5_000_000, "0123456789abcdef");
    const response = await host.fetch("/api/piped", { method: "POST", body });
    expect(response.headers.get("content-type")).toBe("text/x");
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  it("can answer without reading a large body", async () => {
    const response = await host.fetch("/api/unread", { method: "POST", body: Buffer.alloc(5_000_000) });
    expect([response.status, await response.text()]).toEqual([401, "not read"]);
  });

  it("get no body above the limit, with or without a content length", async () => {
    expect((await host.fetch("/api/counted", { method: "POST", body: Buffer.alloc(20_000_001) })).status).toBe(413);
    const { request, response } = open("counted");
    request.on("error", () => undefined);
    for (let sent = 0; sent < 25; sent += 1) request.write(Buffer.alloc(1_000_000));
    expect((await response).statusCode).toBe(413);
    request.destroy();
  });

  it("answer 204 when they return nothing, and 500 when they throw", async () => {
    expect((await host.fetch("/api/silent")).status).toBe(204);
    const failed = await host.fetch("/api/failing", { method: "POST", body: "x" });
    expect([failed.status, await failed.text()]).toEqual([500, ""]);
    await host.line("secret detail");
  });

  it("abort the response when its stream fails", async () => {
    const response = await host.fetch("/api/breaking");
    expect(response.status).toBe(200);
    const rest = expect(response.text()).rejects.toThrow();
    await host.fetch("/api/signal/break", { method: "POST" });
    await rest;
    await host.line("broken stream");
  });

  it("set status, headers and cookies", async () => {
    const response = await host.fetch("/api/cookie");
    expect(response.status).toBe(201);
    expect(response.headers.get("x-one")).toBe("1");
    expect(response.headers.get("x-ms-invocation-id")).toBeNull();
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("see the end of the upload when the client disconnects", async () => {
    const { request, response } = open("hold");
    response.catch(() => undefined);
    request.on("error", () => undefined).write("part");
    await host.line("holding");
    request.destroy();
    await host.line("upload ended");
    expect((await host.fetch("/api/echo")).status).toBe(200);
  });

  it("let the process end after a stop", async () => {
    await host.stop();
    await expect(host.fetch("/api/echo")).rejects.toThrow();
  });
});
