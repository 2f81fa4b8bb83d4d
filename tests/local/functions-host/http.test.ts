import { request as httpRequest } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { HOST_KEY, startHost, type TestHost, writeApp } from "./host-harness.ts";

const APP = `
import { app } from "@azure/functions";
const echo = async (request, context) => ({ jsonBody: {
  fn: context.functionName, method: request.method, url: request.url, params: request.params,
  query: [...request.query], header: request.headers.get("x-test"), body: await request.text(),
} });
app.http("plain", { handler: echo });
app.http("root", { route: "/", methods: ["GET"], handler: () => ({ body: "the root" }) });
app.http("oneItem", { route: "items/{id:int}", methods: ["GET", "PUT", "HEAD"], handler: echo });
app.http("latestItem", { route: "items/latest", methods: ["GET"], handler: echo });
app.http("namedItem", { route: "items/{name}", methods: ["GET", "DELETE"], handler: echo });
app.http("files", { route: "files/{*path}", methods: ["GET"], handler: echo });
app.http("report", { route: "reports/{year:range(2000,2100)}/{month?}", methods: ["GET"], handler: echo });
app.http("keyed", { route: "keyed", authLevel: "function", methods: ["GET"], handler: echo });
app.http("master", { route: "master", authLevel: "admin", methods: ["GET"], handler: echo });
app.http("failing", { route: "failing", methods: ["GET"], handler: () => { throw new Error("secret detail"); } });
app.http("silent", { route: "silent", methods: ["GET"], handler: () => undefined });
app.http("wrong", { route: "wrong", methods: ["GET"], handler: () => "text alone" });
app.http("rich", { route: "rich", methods: ["GET"], handler: () => ({
  status: 418, body: Buffer.from([1, 2, 255]), headers: { "content-type": "application/x-test", "x-one": "1" },
  cookies: [
    { name: "a", value: "x y", path: "/p", maxAge: 60, httpOnly: true, secure: true, sameSite: "Strict" },
    { name: "b", value: "2", expires: new Date(86_400_000) },
  ],
}) });
app.http("off", { route: "off", methods: ["GET"], handler: echo });
let release;
app.http("hold", { route: "hold", methods: ["GET"], handler: async (_, context) => {
  context.log("holding");
  await new Promise((resolve) => (release = resolve));
  context.log("held");
  return { body: "held" };
} });
app.http("release", { route: "release", methods: ["GET"], handler: () => { release(); return { body: "ok" }; } });
`;

describe("HTTP functions", () => {
  let host: TestHost;
  beforeAll(async () => {
    const app = await writeApp({
      "main.js": APP,
      "host.json": '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }',
    });
    host = await startHost(app, {
      settings: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "1000", "AzureWebJobs.off.Disabled": "true" },
    });
  });
  const echoed = async (path: string, init?: RequestInit) => {
    const response = await host.fetch(path, init);
    return response.ok ? ((await response.json()) as Record<string, unknown>) : response.status;
  };

  it("without a route have their name as route, for GET and POST", async () => {
    expect(await echoed("/plain", { method: "POST", body: "héllo", headers: { "x-test": "t" } })).toEqual({
      fn: "plain",
      method: "POST",
      url: `${host.address}plain`,
      params: {},
      query: [],
      header: "t",
      body: "héllo",
    });
    expect(await echoed("/PLAIN")).toMatchObject({ fn: "plain", method: "GET" });
  });

  it("can be the root of the site", async () => {
    expect(await (await host.fetch("/")).text()).toBe("the root");
    expect(await (await host.fetch("/?x=1")).text()).toBe("the root");
  });

  it("are chosen by the most specific route", async () => {
    expect(await echoed("/items/7")).toMatchObject({ fn: "oneItem", params: { id: "7" } });
    expect(await echoed("/items/latest")).toMatchObject({ fn: "latestItem", params: {} });
    expect(await echoed("/items/b%C3%A4r%2Fx/")).toMatchObject({ fn: "namedItem", params: { name: "bär%2Fx" } });
    expect(await echoed("/files/a/b%20c.txt")).toMatchObject({ params: { path: "a/b c.txt" } });
    expect(await echoed("/files")).toMatchObject({ fn: "files", params: {} });
    expect(await echoed("/reports/2026")).toMatchObject({ params: { year: "2026" } });
    expect(await echoed("/reports/2026/05")).toMatchObject({ params: { year: "2026", month: "05" } });
    expect(await echoed("/reports/1999")).toBe(404);
  });

  it("pass a method that a route does not have to the next route, and answer 404 at the end, as on Azure", async () => {
    expect(await echoed("/items/7", { method: "DELETE" })).toMatchObject({ fn: "namedItem" });
    expect(await echoed("/items/7", { method: "POST" })).toBe(404);
    expect(await echoed("/plain", { method: "HEAD" })).toBe(404);
  });

  it("answer HEAD without a body", async () => {
    const response = await host.fetch("/items/7", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(10);
  });

  it("get a repeated query name joined by commas, as on Azure, and the unchanged URL", async () => {
    const answer = await echoed("/plain?a=1&a=2&b=&c=%26");
    expect(answer).toMatchObject({
      query: [
        ["a", "1,2"],
        ["b", ""],
        ["c", "&"],
      ],
    });
    expect(answer).toMatchObject({ url: `${host.address}plain?a=1&a=2&b=&c=%26` });
  });

  it.each(["/keyed", "/master"])("require the host's key on %s", async (path) => {
    expect(await echoed(path)).toBe(401);
    expect(await echoed(`${path}?code=wrong`)).toBe(401);
    expect(await echoed(path, { headers: { "x-functions-key": `${HOST_KEY}x` } })).toBe(401);
    expect(await echoed(path, { headers: { "x-functions-key": HOST_KEY } })).toMatchObject({ method: "GET" });
    expect(await echoed(`${path}?code=${HOST_KEY}`)).toMatchObject({ method: "GET" });
  });

  it("cannot have the reserved paths of the host", async () => {
    for (const path of ["/admin", "/admin/host/status", "/runtime/webhooks", "/%61dmin/x", "/x/../admin/y"]) {
      expect(await echoed(path), path).toBe(404);
    }
  });

  it("answer 404 while they are disabled", async () => {
    expect(await echoed("/off")).toBe(404);
    expect(host.functions.find(({ name }) => name === "off")).toMatchObject({ isDisabled: true });
  });

  it("set status, headers, bytes and cookies", async () => {
    const response = await host.fetch("/rich");
    expect(response.status).toBe(418);
    expect(response.headers.get("content-type")).toBe("application/x-test");
    expect(response.headers.get("x-one")).toBe("1");
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([1, 2, 255]);
    expect(response.headers.getSetCookie()).toEqual([
      "a=x%20y; max-age=60; path=/p; secure; samesite=Strict; httponly",
      "b=2; expires=Fri, 02 Jan 1970 00:00:00 GMT; path=/",
    ]);
  });

  it("answer 204 when they return nothing", async () => {
    expect((await host.fetch("/silent")).status).toBe(204);
  });

  it("answer 500 without the error message, which is in the log", async () => {
    const response = await host.fetch("/failing");
    expect([response.status, await response.text()]).toEqual([500, ""]);
    expect(await host.line("secret detail")).toMatchObject({ level: "error", functionName: "failing" });
    expect((await host.fetch("/wrong")).status).toBe(500);
  });

  it("get no body above the limit, with or without a content length", async () => {
    expect(await echoed("/plain", { method: "POST", body: "x".repeat(1000) })).toMatchObject({ fn: "plain" });
    expect(await echoed("/plain", { method: "POST", body: "x".repeat(1001) })).toBe(413);
    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i += 1) controller.enqueue(new Uint8Array(100));
        controller.close();
      },
    });
    expect(await echoed("/plain", { method: "POST", body: chunks, duplex: "half" })).toBe(413);
    expect(await echoed("/plain")).toMatchObject({ fn: "plain" });
  });

  it("run to their end when the client disconnects", async () => {
    const client = httpRequest(new URL("/hold", host.address)).end();
    client.on("error", () => undefined);
    await host.line("holding");
    await new Promise((resolve) => client.once("close", resolve).destroy());
    await host.fetch("/release");
    await host.line("held");
    expect((await host.fetch("/")).status).toBe(200);
  });

  it("are listed with their routes", () => {
    expect(host.functions.find(({ name }) => name === "oneItem")).toEqual({
      name: "oneItem",
      trigger: "http",
      isDisabled: false,
      route: "items/{id:int}",
      methods: ["GET", "PUT", "HEAD"],
    });
  });
});

describe("HTTP functions under a route prefix", () => {
  it("have it before their routes; the default is api", async () => {
    const app = await writeApp(`
      import { app } from "@azure/functions";
      app.get("hello", () => ({ body: "hi" }));
    `);
    const host = await startHost(app);
    expect((await host.fetch("/api/hello")).status).toBe(200);
    expect((await host.fetch("/hello")).status).toBe(404);
    expect((await host.fetch("/")).status).toBe(404);
  });
});
