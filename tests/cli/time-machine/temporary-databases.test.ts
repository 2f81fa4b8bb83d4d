import postgres from "postgres";
import { expect, inject, test } from "vitest";
import { temporaryDatabases } from "#cli/time-machine/temporary-databases.ts";

async function isThere(url: string): Promise<boolean> {
  const sql = postgres(inject("databaseServer"), { max: 1 });
  try {
    return (await sql`select from pg_database where datname = ${new URL(url).pathname.slice(1)}`).length === 1;
  } finally {
    await sql.end();
  }
}

test("each database is migrated and empty, and is dropped at the end, even with open connections", async () => {
  const databases = await temporaryDatabases(inject("databaseServer"));
  const [one, other] = [await databases.create(), await databases.create()];
  const sql = postgres(one.url, { max: 1, onclose: () => undefined });
  expect(await sql`select count(*)::int as runs from platform.job_runs`).toEqual([{ runs: 0 }]);

  await other.drop();
  expect(await isThere(other.url)).toBe(false);
  expect(await isThere(one.url)).toBe(true);
  await databases.close();
  expect(await isThere(one.url)).toBe(false);
  await sql.end();
});
