import { expect, it } from "vitest";
import { codePages } from "#data/vectors/code-pages.ts";
import { CODE_HEADER, codedDimensions } from "#data/vectors/vector-code.ts";
import { storeVectors } from "#data/vectors/vector-items.ts";
import { openDatabase } from "#support/database.ts";
import { row } from "./nearest-cases.ts";

const SET = { kind: "topic", model: "m/3" };
const BYTES = CODE_HEADER + codedDimensions(3);

const { db } = await openDatabase();

it("reads the codes in pages by ascending ids, each by a statement that ends before the page is worked on", async () => {
  await storeVectors(
    db,
    SET,
    [9, 2, 5, 4, 3].map((id) => row(id, 1, 0, 0)),
  );
  const pages: number[][] = [];
  for await (const page of codePages(db, SET, BYTES, { pageBytes: 2 * BYTES })) {
    pages.push(Array.from({ length: page.length }, (_, i) => page.id(i)));
    const [open] = await db.$client<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null`;
    expect(open!.count).toBe(0);
  }
  expect(pages).toEqual([[2, 3], [4, 5], [9]]);
});

it("refuses codes of other dimensions", async () => {
  await storeVectors(db, SET, [row(1, 1, 0, 0)]);
  const pages = codePages(db, SET, CODE_HEADER + codedDimensions(9));
  await expect(pages.next()).rejects.toThrow("the code of entity 1 has 12 bytes, expected 20");
});
