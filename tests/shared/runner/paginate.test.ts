import { sql } from "drizzle-orm";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { defineJob, manual, type Page, type PageResult } from "#jobs";
import { openDatabase } from "#support/database.ts";
import { runJob } from "#support/run-job.ts";

const { db } = await openDatabase();
beforeAll(async () => {
  await db.execute(sql`create table public.things (n integer primary key, done boolean not null default false)`);
});
beforeEach(() => db.execute(sql`delete from public.things; insert into public.things select generate_series(1, 25)`));

/** Does the things of a page in their order; each fifth one cannot be done. */
async function processPage(tx: Tx, { after, limit }: Page<number>): Promise<PageResult<number>> {
  const found = await tx.execute<{ n: number }>(
    sql`select n from public.things where not done and n > ${after ?? 0} order by n limit ${limit} for update skip locked`,
  );
  const all = [...found].map(({ n }) => n);
  const able = all.filter((n) => n % 5 > 0);
  await tx.execute(sql`update public.things set done = true where n = any(${`{${able.join(",")}}`}::integer[])`);
  return {
    next: all.at(-1) ?? null,
    counts: { done: able.length },
    affected: able.map(String),
    failed: all.filter((n) => n % 5 === 0).map((n) => ({ key: `thing ${n}`, error: new TypeError(`${n} is odd`) })),
  };
}

const jobOf = (work: typeof processPage) =>
  defineJob({
    id: "paginates",
    family: { id: "samples", title: "Samples" },
    summary: "Paginates",
    on: manual,
    input: z.object({}),
    run: ({ paginate }) => paginate<number>(10, work),
  });
const left = async () =>
  [...(await db.execute<{ n: number }>(sql`select n from public.things where not done order by n`))].map(({ n }) => n);

it("goes through all rows page by page; rows that fail are skipped, recorded and unchanged", async () => {
  const { run, result, log } = await runJob(jobOf(processPage), { db });
  expect(result).toEqual({ done: 20 });
  expect(await left()).toEqual([5, 10, 15, 20, 25]);
  expect(run.itemFailureCount).toBe(5);
  expect(run.itemFailures![0]).toEqual({ key: "thing 5", class: "unknown", reason: "5 is odd" });
  const committed = log.flatMap(({ message, fields }) => (message === "Committed" ? [fields] : []));
  expect(committed).toMatchObject([
    { rows: 8, ids: ["1", "2", "3", "4", "6", "7", "8", "9"] },
    { rows: 8 },
    { rows: 4, ids: ["21", "22", "23", "24"] },
  ]);
});

it("a page that fails keeps the pages before it, and nothing of its own", async () => {
  const { run } = await runJob(
    jobOf(async (tx, page) => {
      const result = await processPage(tx, page);
      if (page.after === 10) throw new RangeError("this page");
      return result;
    }),
    { db },
  );
  expect(run).toMatchObject({ state: "retrying", errors: [{ message: "this page" }] });
  expect(await left()).toEqual([5, 10, ...Array.from({ length: 15 }, (_, i) => i + 11)]);
});

it("a page that is repeated after a database error counts once", async () => {
  let troubled = false;
  const { run, result } = await runJob(
    jobOf(async (tx, page) => {
      const result = await processPage(tx, page);
      if (page.after === 10 && !troubled) {
        troubled = true;
        throw Object.assign(new Error("deadlock detected"), { code: "40P01" });
      }
      return result;
    }),
    { db },
  );
  expect(result).toEqual({ done: 20 });
  expect(run.itemFailureCount).toBe(5);
});
