import postgres from "postgres";
import { expect, inject, test } from "vitest";
import { throwAwayDatabases } from "#cli/time-machine/throw-away-databases.ts";

async function isThere(url: string): Promise<boolean> {
  const sql = postgres(inject("databaseServer"), { max: 1 });
  try {
    return (await sql`select from pg_database where datname = ${new URL(url).pathname.slice(1)}`).length === 1;
  } finally {
    await sql.end();
  }
}

test("each has all tables and no rows, and is gone at the latest with the last of them, whoever is connected", async () => {
  const databases = await throwAwayDatabases(inject("databaseServer"));
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
