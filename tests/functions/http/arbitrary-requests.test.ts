import { eq } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { routes } from "#functions/index.ts";
import type { Request } from "#http/request.ts";
import type { Reply, Route } from "#http/route.ts";
import { serve } from "#http/serve.ts";
import { defineJob, manual } from "#jobs";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "./admin/admin-api.ts";
import { expectResponseSchema } from "./expect-response-schema.ts";
import { anyOfSchema, fieldsOfSchema } from "./schema-arbitraries.ts";

const family = { id: "samples", title: "Samples" };
const jobs = [
  defineJob({
    id: "hourly_sample",
    family,
    summary: "A sample",
    on: schedule("0 0 * * * *", "Europe/Berlin"),
    input: z.strictObject({}),
    run: async () => undefined,
  }),
  defineJob({
    id: "asked_sample",
    family,
    summary: "A sample",
    on: manual,
    input: z.object({ n: z.int().optional() }),
    run: async () => undefined,
  }),
];

let database: TestDatabase;
let api: AdminApi;
/** Runs in several states. */
const runs: string[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs);
  for (const state of ["queued", "dead", "skipped", "succeeded"] as const) {
    const { body } = await api.call<{ id: string }>("POST", "api/admin/jobs/asked_sample/run", { n: 1 });
    const isOver = state !== "queued";
    await api.db
      .update(jobRuns)
      .set({ state, ...(isOver && { finishedAt: api.clock.now(), reason: "a reason", notBefore: null }) })
      .where(eq(jobRuns.id, body.id));
    runs.push(body.id);
  }
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

/** Values that match no schema, but fit into an address or a header. */
const junk = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "",
    "null",
    "1e400",
    "-0",
    "NaN",
    "'; drop table platform.job_runs; --",
    "\0",
    "\ud800",
    "%",
    "{}",
    "[1]",
  ),
  fc.constantFrom("9".repeat(400), "0001-01-01T00:00:00Z", "+275760-09-13T00:00:00Z", "9999-12-31T23:59:59.999Z"),
);

/** A value of a field's own schema as text, or junk. Short waits only: no worker executes the run. */
const queryText = (name: string, values: fc.Arbitrary<unknown>) =>
  name === "wait"
    ? fc.constantFrom("0", "0.01", "-1", "x")
    : fc.oneof({ weight: 4, arbitrary: values.map(String) }, junk);

function queryOf(route: Route): fc.Arbitrary<URLSearchParams> {
  const own = Object.entries(fieldsOfSchema(route.query)).map(([name, values]) =>
    fc.tuple(fc.constant(name), queryText(name, values)),
  );
  const strange = fc.tuple(fc.oneof(fc.constant("code"), fc.string({ maxLength: 10 })), junk);
  const pairs = own.length > 0 ? fc.array(fc.oneof(...own), { maxLength: 4 }) : fc.constant([]);
  return fc
    .oneof({ weight: 4, arbitrary: pairs }, fc.array(strange, { maxLength: 2 }))
    .map((all) => new URLSearchParams(all));
}

function paramsOf(route: Route): fc.Arbitrary<Record<string, string>> {
  const fields = Object.entries(fieldsOfSchema(route.params)).map(([name, values]) => {
    const ids = route.path.includes("/runs/") ? runs : jobs.map(({ id }) => id);
    const leading = { weight: 8, arbitrary: fc.constantFrom(...ids) };
    return [name, fc.oneof(leading, values.map(String), fc.constantFrom("constructor", "__proto__"), junk)] as const;
  });
  return fc.record(Object.fromEntries(fields));
}

function bodyOf(route: Route): fc.Arbitrary<Uint8Array> {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const own = route.body ? anyOfSchema(route.body).map(json) : fc.constant(new Uint8Array());
  const deep = fc
    .integer({ min: 1, max: 20_000 })
    .map((depth) => new TextEncoder().encode("[".repeat(depth) + "]".repeat(depth)));
  return fc.oneof(
    { weight: 8, arbitrary: own },
    { weight: 2, arbitrary: fc.jsonValue().map(json) },
    fc.uint8Array({ maxLength: 60 }),
    deep,
  );
}

const usual: fc.Arbitrary<Record<string, string>> = fc.constant({ "content-type": "application/json" });
const strangeHeaders: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    "content-type": fc.oneof(
      { weight: 6, arbitrary: fc.constant("application/json") },
      fc.constantFrom("application/json; charset=utf-8", "text/plain", "application/merge-patch+json", ""),
      junk,
    ),
    "content-length": fc.constantFrom("0", "5", "99999999", "x", "-1"),
    "idempotency-key": fc.oneof(fc.constantFrom("a-key-that-is-used-again", "b"), junk),
    "x-functions-key": junk,
    "x-ms-client-principal": junk,
  },
  { requiredKeys: [] },
);
const headers = fc.oneof({ weight: 3, arbitrary: usual }, strangeHeaders);

const known = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

async function ask(
  route: Route,
  request: Omit<Request, "header" | "bytes">,
  given: Record<string, string>,
  body: Uint8Array,
) {
  const all = routes.filter(({ path }) => path === route.path);
  const header = (name: string) => given[name.toLowerCase()] ?? null;
  return serve(all, { ...request, header, bytes: async () => body }, async () => api.app);
}

/** Checks what every response must fulfil. */
function expectValidReply(reply: Reply, method: string): void {
  const { status = 200, headers: answered = {} } = reply;
  const text = reply.text ?? JSON.stringify(reply.json ?? null);
  expect(status, text).toBeLessThan(500);
  expect(status).toBeGreaterThanOrEqual(200);
  if (status < 400) return;
  expect(answered["content-type"]).toBe("application/problem+json");
  if (method === "HEAD") return;
  expect(JSON.parse(text)).toMatchObject({
    type: expect.stringMatching(/^urn:rota:problem:[a-z0-9-]+$/) as string,
    title: expect.stringMatching(/./) as string,
    detail: expect.stringMatching(/./s) as string,
    status,
  });
  expect(text).not.toMatch(
    /\.ts:\d+|node_modules|\n\s+at |\b(select|insert into|update|delete from) "?platform|PostgresError/i,
  );
}

describe("for any request, no response is a 500, a 2XX matches its schema, an error is problem details without internals", () => {
  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))("%s", async (_, route) => {
    const method = fc.oneof(
      { weight: 9, arbitrary: fc.constant(route.method as string) },
      fc.constantFrom(...known, "OPTIONS", "TRACE", "constructor"),
    );
    await fc.assert(
      fc.asyncProperty(
        ...([method, paramsOf(route), queryOf(route), headers, bodyOf(route)] as const),
        async (asked, params, query, given, body) => {
          const reply = await ask(route, { method: asked, params, query }, given, body);
          expectValidReply(reply, asked);
          if (asked === route.method && (reply.status ?? 200) < 300) expectResponseSchema(route, reply);
        },
      ),
      {
        numRuns: Number(process.env.FUZZ_RUNS ?? 40),
        ...(process.env.FUZZ_SEED && { seed: Number(process.env.FUZZ_SEED) }),
      },
    );
  });
});
