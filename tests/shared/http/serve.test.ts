import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { App } from "#app";
import { connect, type Db } from "#data/client.ts";
import { badRequest, Problem } from "#http/problem.ts";
import { MAX_BODY_BYTES } from "#http/request-body.ts";
import { defineRoute, type Reply, type Route } from "#http/route.ts";
import { serve } from "#http/serve.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { ConfigError, readConfig } from "#settings/config.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";
import { Log, type LogEntry } from "#telemetry/log.ts";

const config = readConfig({ DATABASE_URL: "postgres://rota@127.0.0.1/rota" });
const common = {
  path: "api/things/{id}",
  access: "open",
  summary: "A sample",
  params: z.object({ id: z.string() }),
} as const;

const getThing = defineRoute({
  ...common,
  method: "GET",
  query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50), since: z.iso.date().optional() }),
  handle: async ({ params, query }) => ({ json: { params, query } }),
});
const postThing = defineRoute({
  ...common,
  method: "POST",
  body: z.strictObject({ name: z.string().max(50).optional(), more: z.unknown().optional() }),
  handle: async ({ body }) => ({ status: 201, headers: { location: "/api/things/1" }, json: { body } }),
});
const deleteThing = defineRoute({ ...common, method: "DELETE", handle: async () => ({}) });
const all = [getThing, postThing, deleteThing];

interface Ask {
  method?: string;
  params?: Record<string, string>;
  query?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

async function ask(
  routes: readonly Route[],
  { method = "GET", params = { id: "1" }, query = "", headers = {}, body = new Uint8Array() }: Ask = {},
): Promise<Reply & { log: LogEntry[] }> {
  const log: LogEntry[] = [];
  const app = { config, log: new Log((entry) => log.push(entry)) } as unknown as App;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const reply = await serve(
    routes,
    {
      method,
      params,
      query: new URLSearchParams(query),
      header: (name) => headers[name] ?? null,
      bytes: async () => bytes,
    },
    async () => app,
  );
  return { ...reply, log };
}

const post = (body: string | Uint8Array, headers: Record<string, string> = { "content-type": "application/json" }) =>
  ask(all, { method: "POST", body, headers });
const throwing = (error: unknown) =>
  defineRoute({
    ...common,
    method: "GET",
    handle: async () => {
      throw error;
    },
  });

const problem = z.strictObject({
  type: z.templateLiteral(["urn:rota:problem:", z.string().regex(/^[a-z-]+$/)]),
  title: z.string().min(1),
  status: z.int().min(400).max(599),
  detail: z.string().min(1),
  errors: z
    .array(z.strictObject({ field: z.string(), reason: z.string().min(1) }))
    .min(1)
    .optional(),
});
/** Checks that a reply is problem details, and returns them. */
function problemOf(reply: Reply): z.output<typeof problem> {
  expect(reply.headers?.["content-type"]).toBe("application/problem+json");
  const read = problem.parse(JSON.parse(JSON.stringify(reply.json)));
  expect(read.status).toBe(reply.status);
  return read;
}

describe("a valid request", () => {
  it("reaches the handler as its schemas parse it", async () => {
    const reply = await ask(all, { query: "limit=7&since=2026-03-10" });
    expect(reply.json).toEqual({ params: { id: "1" }, query: { limit: 7, since: "2026-03-10" } });
    expect((await ask(all)).json).toMatchObject({ query: { limit: 50 } });
    expect((await post('{"name":"a"}')).json).toEqual({ body: { name: "a" } });
  });

  it("may carry its key as a query parameter, which no route sees", async () => {
    expect((await ask(all, { query: "code=a-key&limit=7" })).json).toMatchObject({ query: { limit: 7 } });
  });

  it("may omit its body, or send an empty object to a route without a body", async () => {
    expect((await post("", {})).status).toBe(201);
    expect(await ask(all, { method: "DELETE" })).not.toHaveProperty("status");
    expect(await ask(all, { method: "DELETE", body: " {} " })).not.toHaveProperty("status");
  });

  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/merge-patch+json",
    "application/vnd.rota.v1+json;q=1",
  ])("may have the content type %s", async (type) => {
    expect((await post("{}", { "content-type": type })).status).toBe(201);
  });

  it("of method HEAD is answered as GET without content, on success and on error", async () => {
    const well = await ask(all, { method: "HEAD" });
    expect(well).toMatchObject({ status: 200 });
    const badly = await ask(all, { method: "HEAD", query: "limit=0" });
    expect(badly).toMatchObject({ status: 400, headers: { "content-type": "application/problem+json" } });
    for (const reply of [well, badly]) {
      expect(reply).not.toHaveProperty("json");
      expect(reply).not.toHaveProperty("text");
    }
  });
});

describe("a method that a path does not offer", () => {
  it("is 405 and names the offered ones", async () => {
    const reply = await ask(all, { method: "PATCH" });
    expect(problemOf(reply)).toMatchObject({ status: 405, type: "urn:rota:problem:method-not-allowed" });
    expect(reply.headers).toMatchObject({ allow: "GET, HEAD, POST, DELETE" });
  });

  it("may be HEAD, where there is no GET", async () => {
    expect(await ask([postThing], { method: "HEAD" })).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  it("is reported before a body that is too large", async () => {
    expect(await ask([getThing], { method: "PUT", headers: { "content-length": "9999999" } })).toMatchObject({
      status: 405,
    });
  });
});

describe("a query", () => {
  it.each([
    ["limt=7", { field: "limt", reason: "is not known" }],
    ["limit=0", { field: "limit", reason: expect.any(String) as string }],
    ["limit=many", { field: "limit", reason: expect.any(String) as string }],
    ["limit=7&limit=8", { field: "limit", reason: expect.any(String) as string }],
    ["since=yesterday", { field: "since", reason: expect.any(String) as string }],
    ["since=2026-02-30", { field: "since", reason: expect.any(String) as string }],
    ["__proto__=1", { field: "__proto__", reason: "is not known" }],
    ["since=%00", { field: "query", reason: expect.stringContaining("U+0000") as string }],
  ])("with %s is refused with the parameter's name", async (query, fault) => {
    const reply = await ask(all, { query });
    expect(problemOf(reply)).toMatchObject({ status: 400, type: "urn:rota:problem:invalid-request", errors: [fault] });
  });

  it("is refused by a route without query parameters", async () => {
    expect(problemOf(await ask([deleteThing], { method: "DELETE", query: "a=1" }))).toMatchObject({
      errors: [{ field: "a", reason: "is not known" }],
    });
  });

  it("reports every fault at once", async () => {
    const { errors = [] } = problemOf(await ask(all, { query: "limit=0&since=x&colour=red" }));
    expect(errors.map(({ field }) => field).sort()).toEqual(["colour", "limit", "since"]);
  });
});

describe("a body", () => {
  it.each([
    ["that is not JSON", "{name:1}", "body", /^is not JSON: /],
    ["that is truncated", '{"name":', "body", /^is not JSON: /],
    ["that is not UTF-8", new Uint8Array([0x22, 0xff, 0xfe, 0x22]), "body", /^is not UTF-8$/],
    ["with U+0000", '{"name":"a\\u0000b"}', "body", /U\+0000/],
    ["with U+0000 in a name", '{"more":{"a\\u0000b":1}}', "body", /U\+0000/],
    ["with half a surrogate pair", '{"more":["\\ud800"]}', "body", /surrogate/],
    ["of the wrong type", "[]", "body", /^expected an object$/],
    ["with a wrong field", '{"name":5}', "name", /^expected a text$/],
    ["with an unknown field", '{"nmae":"a"}', "nmae", /is not known/],
  ])("%s is 400", async (_, body, field, reason) => {
    const { status, errors } = problemOf(await post(body));
    expect(status).toBe(400);
    expect(errors).toEqual([{ field, reason: expect.stringMatching(reason) as string }]);
  });

  it("that nests too deeply is 400, without a stack overflow", async () => {
    const deep = "[".repeat(MAX_BODY_BYTES / 2 - 10) + "]".repeat(MAX_BODY_BYTES / 2 - 10);
    expect(problemOf(await post(`{"more":${deep}}`)).detail).toContain("nests deeper than 100 levels");
    expect((await post(`{"more":${"[".repeat(90)}${"]".repeat(90)}}`)).status).toBe(201);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json-seq", "json", ""])(
    "of content type %j is 415",
    async (type) => {
      const { status, detail } = problemOf(await post("{}", { "content-type": type }));
      expect(status).toBe(415);
      expect(detail).toBe(`expected application/json, got ${type}`);
    },
  );

  it("above 1 MiB is 413, by its declared or its real length; exactly 1 MiB is accepted", async () => {
    const declared = await ask(all, {
      method: "POST",
      headers: { "content-length": String(MAX_BODY_BYTES + 1) },
      body: "{}",
    });
    expect(problemOf(declared).status).toBe(413);
    const padding = " ".repeat(MAX_BODY_BYTES - 2);
    expect(problemOf(await post(`{}${padding} `)).status).toBe(413);
    expect((await post(`{}${padding}`)).status).toBe(201);
  });

  it("is not read when its declared length is too large", async () => {
    const reply = await serve(
      all,
      {
        method: "POST",
        params: { id: "1" },
        query: new URLSearchParams(),
        header: (name) => (name === "content-length" ? "99999999" : null),
        bytes: () => {
          throw new Error("it was read");
        },
      },
      async () => ({ config, log: new Log(() => undefined) }) as unknown as App,
    );
    expect(reply.status).toBe(413);
  });

  it("that ends early is 400", async () => {
    const reply = await serve(
      all,
      {
        method: "POST",
        params: { id: "1" },
        query: new URLSearchParams(),
        header: () => null,
        bytes: async () => Promise.reject(new Error("aborted")),
      },
      async () => ({ config, log: new Log(() => undefined) }) as unknown as App,
    );
    expect(problemOf(reply)).toMatchObject({ status: 400, errors: [{ field: "body" }] });
  });

  it("is 400 in any form for a route without a body", async () => {
    for (const body of ['{"a":1}', "text", "[]", new Uint8Array([0xff])]) {
      const reply = await ask(all, { method: "DELETE", body });
      expect(problemOf(reply).errors).toEqual([{ field: "body", reason: "this route accepts no body" }]);
    }
  });
});

describe("a handler that throws", () => {
  const secret = "select * from people where name = 'Jane'";

  it.each([
    ["an Error", new Error(secret)],
    ["a text", secret],
    ["nothing", undefined],
    ["null", null],
    ["an object", { status: 200, message: secret }],
    ["a schema's error", z.string().safeParse(5).error],
    ["a constraint of the database", Object.assign(new Error(secret), { code: "23505" })],
    ["a refusal from outside", Object.assign(new Error(secret), { status: 401 })],
    [
      "something that cannot be read",
      new Proxy(
        {},
        {
          get: () => {
            throw new Error(secret);
          },
          getPrototypeOf: () => {
            throw new Error(secret);
          },
        },
      ),
    ],
  ])("%s is 500 without internals in the response; the log has them", async (_, thrown) => {
    const reply = await ask([throwing(thrown)]);
    expect(problemOf(reply)).toEqual({
      type: "urn:rota:problem:internal",
      title: "Internal Server Error",
      status: 500,
      detail: "internal error; the log of the app has the details",
    });
    expect(reply.log).toMatchObject([
      { level: "error", message: "Request failed", fields: { route: "GET api/things/{id}" } },
    ]);
  });

  it("a problem becomes the response with its headers, and is not logged", async () => {
    const thrown = new Problem(409, "internet-sync-disabled", "switched off", {
      headers: { "retry-after": "60" },
      extra: { run: "a-run", status: 200, type: "mine" },
    });
    const reply = await ask([throwing(thrown)]);
    expect(reply.status).toBe(409);
    expect(reply.headers).toMatchObject({ "retry-after": "60" });
    expect(reply.json).toEqual({
      run: "a-run",
      type: "urn:rota:problem:internet-sync-disabled",
      title: "Conflict",
      status: 409,
      detail: "switched off",
    });
    expect(reply.log).toEqual([]);
  });

  it("an invalid input is 400 with its fields", async () => {
    const reply = await ask([throwing(new InvalidInput([{ field: "start_date", reason: "is in the future" }]))]);
    expect(problemOf(reply)).toMatchObject({
      status: 400,
      errors: [{ field: "start_date", reason: "is in the future" }],
    });
  });

  it("a rate-limiting service is 503, with its own wait when that is longer", async () => {
    const limited = (retryAfterMs: number) =>
      Object.assign(new Error("slow"), { errorClass: "rate_limited", retryAfterMs });
    expect((await ask([throwing(limited(90_500))])).headers).toMatchObject({ "retry-after": "91" });
    expect((await ask([throwing(limited(10))])).headers).toMatchObject({ "retry-after": "5" });
  });
});

describe("an app that cannot be opened", () => {
  const request = {
    method: "GET",
    params: {},
    query: new URLSearchParams(),
    header: () => null,
    bytes: async () => new Uint8Array(),
  };

  const consoleError = vi.spyOn(console, "error").mockImplementation(() => undefined);
  afterAll(() => {
    consoleError.mockRestore();
  });

  it("because of its settings is 503 without their names; the log has them", async () => {
    const reply = await serve(all, request, async () => Promise.reject(new ConfigError(["DATABASE_URL is missing"])));
    expect(problemOf(reply)).toMatchObject({ status: 503, type: "urn:rota:problem:misconfigured" });
    expect(JSON.stringify(reply.json)).not.toContain("DATABASE_URL");
    expect(consoleError.mock.lastCall?.[0]).toContain("DATABASE_URL is missing");
  });

  it("for another reason is 500", async () => {
    expect(problemOf(await serve(all, request, async () => Promise.reject(new Error("no")))).status).toBe(500);
  });
});

describe("a real database", () => {
  let database: TestDatabase;
  let db: Db;
  const query = (on: () => Db, statement: string) =>
    defineRoute({
      ...common,
      method: "GET",
      handle: async () => ({ json: [...(await on().execute(sql.raw(statement)))] }),
    });
  const options = { poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true } as const;

  beforeAll(async () => {
    database = await createDatabase();
    db = connect({ url: database.url, ...options });
  });
  afterAll(async () => {
    await db.$client.end();
    await database.drop();
  });

  it("that does not answer is 503 with retry-after", async () => {
    const away = connect({ url: "postgres://x@127.0.0.1:1/x", ...options });
    const reply = await ask([query(() => away, "select 1")]);
    expect(problemOf(reply)).toMatchObject({ status: 503, type: "urn:rota:problem:unavailable" });
    expect(reply.headers).toMatchObject({ "retry-after": "5" });
    await away.$client.end();
  });

  it("that refuses a statement is 500 without the statement", async () => {
    const reply = await ask([query(() => db, "select secret_column from secret_table")]);
    expect(problemOf(reply).status).toBe(500);
    expect(JSON.stringify(reply.json)).not.toContain("secret");
    expect(JSON.stringify(reply.log)).toContain('relation \\"secret_table\\" does not exist');
  });
});

describe("any request", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    text,
    fc.json(),
    fc.object({ withNullPrototype: true, stringUnit: "binary" } as never).map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '{"__proto__":{"name":"a"}}',
      '{"constructor":1}',
      "null",
      "1e999",
      '{"name":"\\ud800"}',
      "\ufeff{}",
    ),
  );
  const request = fc.record({
    method: fc.oneof(fc.constantFrom("GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS", "get", ""), text),
    params: fc.record({ id: text }),
    query: fc.oneof(
      text,
      fc.constantFrom("limit=1", "limit=%ff", "limit[]=1", "=", "&&", "since=2026-03-10", "__proto__=1"),
    ),
    headers: fc.dictionary(
      fc.constantFrom("content-type", "content-length", "x-functions-key", "x-ms-client-principal"),
      fc.oneof(text, fc.constantFrom("application/json", "0", "-1", "1e3", "99999999", "NaN")),
    ),
    body,
  });

  it("never gets a 500, and every error is problem details", async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const reply = await ask(all, asked);
        const status = reply.status ?? 200;
        expect(status).toBeLessThan(500);
        expect(reply.log).toEqual([]);
        if (status >= 400 && asked.method !== "HEAD") problemOf(reply);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gets problem details when the handler throws anything", async () => {
    const thrown = fc.oneof(
      fc.anything().map((value) => () => value),
      fc.string().map((message) => () => new Error(message)),
      fc.string({ minLength: 1 }).map((field) => () => badRequest([{ field, reason: "is wrong" }])),
    );
    await fc.assert(
      fc.asyncProperty(thrown, async (make) => {
        const reply = await ask([throwing(make())]);
        expect([400, 500, 503]).toContain(reply.status);
        problemOf(reply);
      }),
    );
  });
});
