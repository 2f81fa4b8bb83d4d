import { sql } from "drizzle-orm";
import fc from "fast-check";
import { expect, it } from "vitest";
import { textArray } from "#data/array-literal.ts";
import { openDatabase } from "#support/database.ts";

const { db } = await openDatabase({ poolMax: 1 });

/** All that the database takes as a text, with what has a meaning in a literal drawn often. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', "\\", "{", "}", ",", " ", "\n", "NULL", "é", "🙂"), maxLength: 20 }),
  fc.string({ unit: "grapheme" }).map((any) => any.replaceAll("\0", "")),
);

it("any texts survive a round trip, null included", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text), { maxLength: 30 }), async (values) => {
      const [row] = await db.execute<{ back: unknown }>(sql`select to_json(${textArray(values)}::text[]) as back`);
      expect(row!.back).toEqual(values);
    }),
    { numRuns: 50 },
  );
});
