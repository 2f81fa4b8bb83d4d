import postgres from "postgres";
import { expect, test } from "vitest";
import { createDatabase, databaseFrom } from "./database.ts";

test("a database is empty, separate from others, and dropped on request", async () => {
  const [one, other] = await Promise.all([createDatabase(), createDatabase()]);
  const sql = postgres(one.url, { max: 1 });
  const elsewhere = postgres(other.url, { max: 1 });
  try {
    await sql`CREATE TABLE thing (id int)`;
    const visible = await elsewhere`SELECT 1 FROM information_schema.tables WHERE table_schema = 'public'`;
    expect(visible).toHaveLength(0);
  } finally {
    await Promise.all([sql.end(), elsewhere.end()]);
    await Promise.all([one.drop(), other.drop()]);
  }
  const late = postgres(one.url, { max: 1 });
  await expect(late`SELECT 1`).rejects.toThrow(/does not exist/);
});

test("a copy starts with the data of its template", async () => {
  const template = await createDatabase();
  const prepare = postgres(template.url, { max: 1 });
  await prepare`CREATE TABLE thing AS SELECT 7 AS id`;
  await prepare.end();

  const copy = await databaseFrom(new URL(template.url).pathname.slice(1));
  const sql = postgres(copy.url, { max: 1 });
  try {
    expect(await sql`SELECT id FROM thing`).toEqual([{ id: 7 }]);
  } finally {
    await sql.end();
    await Promise.all([copy.drop(), template.drop()]);
  }
});
