import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect, type Db, type Executor } from "#data/client.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";

let database: TestDatabase;
const open: Db[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
});
afterEach(() => Promise.all(open.splice(0).map((db) => db.$client.end())));
afterAll(() => database.drop());

/** One connection, so that what it has prepared can be asked of it. */
function connection({ prepare = true } = {}): Db {
  const db = connect({ url: database.url, poolMax: 1, idleMs: 60_000, tls: "disable", prepare });
  open.push(db);
  return db;
}

async function prepared(db: Executor, part: string): Promise<number> {
  // Without a parameter, so that it is not prepared itself.
  const rows = await db.execute<{ statement: string }>("select statement from pg_prepared_statements");
  return [...rows].filter(({ statement }) => statement.includes(part)).length;
}

const double = (db: Executor, n: number) => db.execute<{ twice: number }>(sql`select ${n}::integer * 2 as twice`);

describe("a statement with parameters", () => {
  it("is prepared once, and returns the result of each execution", async () => {
    const db = connection();
    const answers = [await double(db, 1), await double(db, 2), await double(db, 3)].map(([row]) => row?.twice);
    expect(answers).toEqual([2, 4, 6]);
    expect(await prepared(db, "as twice")).toBe(1);
  });

  it("is prepared once in transactions and savepoints too", async () => {
    const db = connection();
    await db.transaction(async (tx) => {
      await double(tx, 1);
      expect(await prepared(tx, "as twice")).toBe(1);
      await tx.transaction((nested) => nested.execute(sql`select ${1}::integer as nested`));
      expect(await prepared(tx, "as nested")).toBe(1);
    });
    await double(db, 2);
    expect(await prepared(db, "as twice")).toBe(1);
  });

  it("still works after a migration changes its result columns", async () => {
    const db = connection();
    await db.execute("create table changing (n integer)");
    const all = () => db.execute(sql`select * from changing where ${1}::integer = 1`);
    await db.execute("insert into changing values (1)");
    expect([...(await all())]).toEqual([{ n: 1 }]);
    await db.execute("alter table changing add m integer default 2");
    expect([...(await all())]).toEqual([{ n: 1, m: 2 }]);
  });

  it("is not prepared when it names a table of one run: the next run has another one", async () => {
    const db = connection();
    const table = `list_${"0123456789abcdef".repeat(2)}_1`;
    await db.execute(`create table "${table}" (n integer)`);
    await db.execute(sql`select n from ${sql.identifier(table)} where n > ${0}`);
    expect(await prepared(db, table)).toBe(0);
  });

  it("is not prepared with a pooler that keeps no session", async () => {
    const db = connection({ prepare: false });
    await double(db, 1);
    expect(await prepared(db, "as twice")).toBe(0);
  });

  it("is not prepared when it is long, because generated statements differ each time", async () => {
    const db = connection();
    const many = sql.join(
      Array.from({ length: 1_000 }, (_, n) => sql`${n}::integer`),
      sql`, `,
    );
    await db.execute(sql`select ${many}`);
    expect(await prepared(db, "select $1::integer, $2::integer")).toBe(0);
  });

  it("keeps a limited number of plans per connection", async () => {
    const db = connection();
    for (let n = 0; n < 600; n++) await db.execute(sql`select ${1}::integer as ${sql.identifier(`column_${n}`)}`);
    expect(await prepared(db, "column_")).toBe(500);
  });
});
