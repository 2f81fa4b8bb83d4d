import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { afterCommit } from "#data/after-commit.ts";
import { connect, type Db, type Tx } from "#data/client.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";

let database: TestDatabase;
let db: Db;
let other: Db;
let calls: string[];
beforeAll(async () => {
  database = await createDatabase();
  [db, other] = [open(), open()];
  await db.execute(sql`create table word (text text primary key deferrable initially deferred)`);
});
beforeEach(() => {
  calls = [];
});
afterAll(async () => {
  await Promise.all([db.$client.end(), other.$client.end()]);
  await database.drop();
});

function open(): Db {
  return connect({ url: database.url, poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true });
}
const write = (tx: Pick<Db, "execute">, text: string) => tx.execute(sql`insert into word values (${text})`);
const tell = (tx: object, text: string) => {
  afterCommit(tx, () => calls.push(text));
};

it("hooks run after the commit, when other connections see the rows, in order", async () => {
  let seen = "";
  await db.transaction(async (tx) => {
    await write(tx, "a");
    tell(tx, "first");
    tell(tx, "second");
    afterCommit(tx, () => void (seen = calls.join()));
    expect(calls).toEqual([]);
  });
  expect(seen).toBe("first,second");
  expect(await other.execute(sql`select from word where text = 'a'`)).toHaveLength(1);
});

it("a transaction that throws runs no hook, not even later", async () => {
  let open: Tx | undefined;
  const thrown = db.transaction(async (tx) => {
    tell((open = tx), "never");
    throw new Error("no");
  });
  await expect(thrown).rejects.toThrow("no");
  tell(open!, "too late");
  expect(calls).toEqual([]);
});

it("nor does one whose commit fails", async () => {
  await write(db, "twice");
  const refused = db.transaction(async (tx) => {
    await write(tx, "twice");
    tell(tx, "never");
  });
  await expect(refused).rejects.toThrow();
  expect(calls).toEqual([]);
});

it("a hook of a savepoint waits for the whole transaction; a rolled back savepoint runs none", async () => {
  await db.transaction(async (tx) => {
    tell(tx, "before");
    await tx.transaction(async (inner) => {
      tell(inner, "within");
    });
    const undone = tx.transaction(async (inner) => {
      tell(inner, "undone");
      throw new Error("no");
    });
    await expect(undone).rejects.toThrow("no");
    tell(tx, "after");
    expect(calls).toEqual([]);
  });
  expect(calls).toEqual(["before", "within", "after"]);
});

it("outside of a transaction a hook runs at once", () => {
  tell(db, "at once");
  expect(calls).toEqual(["at once"]);
});
