import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { jobs } from "#functions/index.ts";
import { SETTINGS } from "#settings/config.ts";
import { openDatabase } from "#support/database.ts";

const PROJECT = join(import.meta.dirname, "../../..");
const DATA = join(PROJECT, "shared/data");
const { db } = await openDatabase();

const declared = await declarations();
const page = await readFile(join(PROJECT, "docs/retention.md"), "utf8");
const tables = (
  await db.execute<{ name: string }>(sql`
    select table_schema || '.' || table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema in ('platform', 'portfolio', 'tasks', 'reasoning', 'tax_liens', 'knowledge',
                          'vectors', 'personal_ops')
       and table_name not like '%migration%'`)
).map(({ name }) => name);

it("every table is kept with a reason, or names the job that deletes its rows and the age at which it does", () => {
  expect(tables.length).toBeGreaterThan(30);
  const isKept = /^kept\b.{10}/;
  const isDeleted =
    /^`\w+` (archives and )?deletes .* (after [A-Z_]{10,}|after (two|seven) days|at the end|`keepDays`)/;
  const goesWith = /^(archived and )?deleted with their \w+/;
  const faulty = tables.filter((name) => {
    const text = declared.get(name) ?? "";
    return ![isKept, isDeleted, goesWith].some((form) => form.test(text));
  });
  expect(faulty).toEqual([]);
});

it("every job and every setting that a declaration names exists", () => {
  const texts = [...declared.values()];
  const named = texts.flatMap((text) => [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, id]) => id!));
  const settings = texts.flatMap((text) => text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []);
  expect(named.length).toBeGreaterThan(8);
  expect(settings.length).toBeGreaterThan(8);
  const ids = new Set([...jobs.map(({ id }) => id), "not_listed"]);
  expect(named.filter((id) => !ids.has(id))).toEqual([]);
  expect(settings.filter((name) => !(name in SETTINGS))).toEqual([]);
});

it("docs/retention.md has a row for each table, with the job and the setting of its declaration", () => {
  const faulty = tables.filter((name) => {
    const row = page.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${name}\``));
    const text = declared.get(name) ?? "";
    const [job, setting] = [/^`(\w+)` /.exec(text)?.[1], /after ([A-Z_]{10,})/.exec(text)?.[1]];
    return !row || [job, setting].some((word) => word !== undefined && !row.includes(`\`${word}\``));
  });
  expect(faulty).toEqual([]);
});

/** The retention in the comment before each table, by the name of the table. */
async function declarations(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const schemas: Record<string, string> = { tasksSchema: "tasks", taxLiens: "tax_liens", personalOps: "personal_ops" };
  for (const file of await readdir(DATA, { recursive: true })) {
    if (!file.endsWith("-schema.ts")) continue;
    const source = await readFile(join(DATA, file), "utf8");
    for (const [, comment = "", schema, table] of source.matchAll(
      /(\/\*\*(?:(?!\*\/).)*\*\/\s)?export const \w+ = (\w+)\.table\(\s*"(\w+)"/gs,
    )) {
      const text = comment.replaceAll(/\s+\*?\s*/g, " ").split("Retention: ")[1] ?? "";
      found.set(`${schemas[schema!] ?? schema}.${table}`, text);
    }
  }
  return found;
}
