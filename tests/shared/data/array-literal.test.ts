import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sql } from "drizzle-orm";
import { connect, type Db } from "../../../shared/data/client.ts";
import { textArray } from "../../../shared/data/array-literal.ts";
import { migratedDatabase, type TestDatabase } from "../../support/database.ts";

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await migratedDatabase();
  db = connect({ url: database.url, poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true });
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

/** All that the database takes as a text, with what has a meaning in a literal drawn often. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', "\\", "{", "}", ",", " ", "\n", "NULL", "é", "🙂"), maxLength: 20 }),
  fc.string({ unit: "grapheme" }).map((any) => any.replaceAll("\0", "")),
);

it("any texts come back as they went, and null as null", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text), { maxLength: 30 }), async (values) => {
      const [row] = await db.execute<{ back: unknown }>(sql`select to_json(${textArray(values)}::text[]) as back`);
      expect(row!.back).toEqual(values);
    }),
    { numRuns: 50 },
  );
});
