import fc from "fast-check";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { storageFault } from "#http/request-body.ts";
import { jsonbSafe } from "#redaction/jsonb-safe.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";

let database: TestDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await createDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => undefined });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const isTaken = (value: unknown) =>
  sql`select ${JSON.stringify(value)}::text::jsonb`.then(
    () => true,
    () => false,
  );
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.constantFrom("\0", "\ud800", "\udc00", "\ud83d\ude00", "\ufffe"),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(text, tie("json"), { maxKeys: 3 }),
  ),
}));

it("the app refuses exactly the bodies that PostgreSQL refuses as JSON", async () => {
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      expect(await isTaken(value)).toBe(storageFault(value) === undefined);
    }),
    { numRuns: 300 },
  );
});

it("PostgreSQL accepts every value that jsonbSafe returns, and the app accepts it as a body", async () => {
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      const stored = jsonbSafe(value);
      expect(storageFault(stored)).toBeUndefined();
      expect(await isTaken(stored)).toBe(true);
    }),
  );
});
