import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const MIGRATIONS = join(import.meta.dirname, "../../../shared/data/migrations");

/** SHA-256 of each migration. Only add lines: a database that has a migration refuses a changed one. */
const RECORDED = {
  "0000_platform": "d7a8cbefe83970f6d0bd2a9803e6c194d23d17b9bbc7e838a0fbcb1c8ba7100d",
  "0001_portfolio": "0ef8c8489fdb667a84bd0712855ad86b7e839d4474d93ac029507be76cf630d0",
  "0002_tasks": "804765bf33ec8af31cafab5ff89b477181c39fed76f4b5df9fc416b7b272dff1",
  "0003_reasoning": "450e4591ad433476d7cce328e12f767e11e2640cc663ada4c87204c8d39c09a3",
  "0004_tax_liens": "65e81ede7199e466186322cc8cdc2ce9754530598c036daac35b6a2468567276",
};

test("no recorded migration has changed, and every migration is recorded", async () => {
  const found: Record<string, string> = {};
  for (const { tag } of await journal()) {
    found[tag] = createHash("sha256")
      .update(await readFile(join(MIGRATIONS, `${tag}.sql`)))
      .digest("hex");
  }
  expect(found).toEqual(RECORDED);
});

test("the journal lists every file, oldest first", async () => {
  const entries = await journal();
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
  expect(entries.map(({ tag }) => `${tag}.sql`)).toEqual(files);
  // The migrator skips a migration that is older than the newest applied one.
  const times = entries.map(({ when }) => when);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
});

async function journal(): Promise<readonly { tag: string; when: number }[]> {
  const text = await readFile(join(MIGRATIONS, "meta/_journal.json"), "utf8");
  return (JSON.parse(text) as { entries: { tag: string; when: number }[] }).entries;
}
