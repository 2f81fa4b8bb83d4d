import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect, type Db, type Tx } from "#data/client.ts";
import { sendLastStatement } from "#data/commit-with-last-statement.ts";
import { TransactionEnded } from "#data/transaction-guard.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";

let database: TestDatabase;
/** One connection, so that transactions wait for it and follow one another on it. */
let db: Db;
let observer: Db;
beforeAll(async () => {
  database = await createDatabase();
  observer = connect({ idleMs: 60_000, tls: "disable", prepare: true, url: database.url, poolMax: 1 });
  await observer.execute("create table written (n integer unique deferrable initially deferred)");
});
afterAll(async () => {
  await observer.$client.end();
  await database.drop();
});
beforeEach(async () => {
  db = connect({ idleMs: 60_000, tls: "disable", prepare: true, url: database.url, poolMax: 1 });
  await db.execute("truncate written");
});
afterEach(() => db.$client.end({ timeout: 1 }));

const write = (tx: Pick<Tx, "execute">, n: number) => tx.execute(sql`insert into written values (${n}::integer)`);
const divide = (tx: Pick<Tx, "execute">, by: number) => tx.execute(sql`select 1 / ${by}::integer`);
const written = async () =>
  [...(await observer.execute<{ n: number }>("select n from written order by n"))].map(({ n }) => n);

/** Starts a transaction for each number, all at once; each writes its number and then does something. */
async function outcomes(numbers: readonly number[], then: (tx: Tx, n: number) => Promise<unknown>): Promise<unknown[]> {
  const all = await Promise.allSettled(
    numbers.map((n) =>
      db.transaction(async (tx) => {
        await write(tx, n);
        await then(tx, n);
        return n;
      }),
    ),
  );
  return all.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : "rejected"));
}

describe("transactions that wait for one connection", () => {
  it("commit one after another", async () => {
    expect(await outcomes([1, 2, 3, 4, 5], () => Promise.resolve())).toEqual([1, 2, 3, 4, 5]);
    expect(await written()).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no"))],
    ["has a statement that fails", (tx: Tx) => divide(tx, 0)],
    ["catches the error of a statement that fails", (tx: Tx) => divide(tx, 0).catch(() => undefined)],
    ["has a last statement that fails", (tx: Tx) => sendLastStatement(tx, divide(tx, 0))],
    ["fails at its commit", (tx: Tx) => write(tx, 1)],
  ])("commit without the one that %s", async (_, fail: (tx: Tx) => Promise<unknown>) => {
    expect(await outcomes([1, 2, 3, 4], (tx, n) => (n === 2 || n === 3 ? fail(tx) : Promise.resolve()))).toEqual([
      1,
      "rejected",
      "rejected",
      4,
    ]);
    expect(await written()).toEqual([1, 4]);
  });

  it("keep their savepoints", async () => {
    const all = await outcomes([1, 2, 3], (tx, n) =>
      tx
        .transaction(async (inner) => {
          await write(inner, n * 10);
          await divide(inner, n - 2);
        })
        .catch(() => undefined),
    );
    expect(all).toEqual([1, 2, 3]);
    expect(await written()).toEqual([1, 2, 3, 10, 30]);
  });

  it("have each the isolation that they ask for", async () => {
    const levels = await Promise.all(
      (["serializable", "read committed", "repeatable read"] as const).map((isolationLevel) =>
        db.transaction(
          async (tx) => {
            const [row] = await tx.execute<{ level: string }>(
              "select current_setting('transaction_isolation') as level",
            );
            return row!.level;
          },
          { isolationLevel },
        ),
      ),
    );
    expect(levels).toEqual(["serializable", "read committed", "repeatable read"]);
  });

  it("commit without the one that loses the connection", async () => {
    const all = await outcomes([1, 2, 3, 4], async (tx, n) => {
      if (n === 2) await tx.execute("select pg_terminate_backend(pg_backend_pid())");
    });
    // Without the guards of the bundle the driver rejects the next one as well, with the error of the lost connection.
    expect(all.filter((_, at) => at !== 2)).toEqual([1, "rejected", 4]);
    expect(await written()).toEqual(all.filter((outcome) => outcome !== "rejected"));
  });

  it("take no statement of the one before", async () => {
    let earlier: Tx | undefined;
    const first = db.transaction((tx) => write((earlier = tx), 1));
    const second = db.transaction(async (tx) => {
      await expect(write(earlier!, 9)).rejects.toMatchObject({ cause: expect.any(TransactionEnded) as unknown });
      await write(tx, 2);
    });
    await Promise.all([first, second]);
    expect(await written()).toEqual([1, 2]);
  });
});
