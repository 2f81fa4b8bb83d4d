import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { connect, type Db, type Tx } from "#data/client.ts";
import { TransactionEnded } from "#data/transaction-guard.ts";
import { classify } from "#jobs/error-class.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";

const options = { idleMs: 60_000, tls: "disable", prepare: true } as const;
let database: TestDatabase;
/** One connection, so that the next transaction reuses the pool slot of the lost one. */
let db: Db;
let watcher: Db;
beforeAll(async () => {
  database = await createDatabase();
  watcher = connect({ ...options, url: database.url, poolMax: 1 });
  await watcher.execute("create table effects (of text)");
});
afterAll(async () => {
  await watcher.$client.end();
  await database.drop();
});
beforeEach(() => {
  db = connect({ ...options, url: database.url, poolMax: 1 });
});
afterEach(async () => {
  // Bounded as in the app: the driver may wait for ever for a connection that it has lost.
  await db.$client.end({ timeout: 1 });
  await emptyTables(watcher, ["effects"]);
});

const leave = (tx: Pick<Tx, "execute">, of: string) => tx.execute(sql`insert into effects values (${of})`);
/** What stood behind the error that drizzle makes of each. */
const causeOf = (error: unknown) => (error as Error).cause;
const left = async () => [...(await watcher.execute<{ of: string }>("select * from effects"))].map(({ of }) => of);

/** Starts a transaction with an effect, ends its connection, and pauses its callback, which can continue later. */
async function interruptTransaction(): Promise<{
  resume: () => void;
  done: Promise<unknown>;
  outcome: Promise<unknown>;
}> {
  const paused = Promise.withResolvers<null>();
  const begun = Promise.withResolvers<number>();
  const done = Promise.withResolvers<unknown>();
  const outcome = db
    .transaction(async (tx) => {
      await leave(tx, "cut off");
      const [row] = await tx.execute<{ pid: number }>("select pg_backend_pid() as pid");
      begun.resolve(row!.pid);
      await paused.promise;
      done.resolve(await leave(tx, "cut off, later").catch(causeOf));
    })
    .catch((error: unknown) => error);
  await watcher.execute(sql`select pg_terminate_backend(${await begun.promise})`);
  const resume = () => {
    paused.resolve(null);
  };
  return { resume, done: done.promise, outcome };
}

it("its callback sends no more statements, neither in another transaction nor outside of one", async () => {
  const { resume, done, outcome } = await interruptTransaction();
  expect(classify(await outcome)).toBe("transient");
  const other = db.transaction(async (tx) => {
    await leave(tx, "rolled back");
    resume();
    expect(await done).toBeInstanceOf(TransactionEnded);
    // As far as the driver would be asked to commit or roll back for the one that was cut off, it has been by now.
    await tx.execute("select 1");
    throw new Error("rolled back");
  });
  await expect(other).rejects.toThrow("rolled back");
  expect(await left()).toEqual([]);
});

it("the next transaction commits its own statements only", async () => {
  const { resume, done, outcome } = await interruptTransaction();
  await outcome;
  await db.transaction(async (tx) => {
    await leave(tx, "committed");
    resume();
    await done;
    await leave(tx, "committed as well");
  });
  expect(await left()).toEqual(["committed", "committed as well"]);
});

it("a running statement that loses the connection ends the transaction at once", async () => {
  let after: unknown;
  const outcome = await db
    .transaction(async (tx) => {
      await leave(tx, "cut off");
      await tx.execute("select pg_terminate_backend(pg_backend_pid())").catch(() => undefined);
      after = await leave(tx, "cut off, later").catch(causeOf);
    })
    .catch((error: unknown) => error);
  expect(classify(outcome)).toBe("transient");
  await expect.poll(() => after).toBeInstanceOf(TransactionEnded);
  expect(await left()).toEqual([]);
});

it("an ended transaction refuses statements", async () => {
  let kept: Tx;
  await db.transaction(async (tx) => {
    kept = tx;
    await leave(tx, "committed");
  });
  expect(await leave(kept!, "too late").catch(causeOf)).toBeInstanceOf(TransactionEnded);
  expect(await left()).toEqual(["committed"]);
});

it("savepoints and errors work as without the guard", async () => {
  await db.transaction(async (tx) => {
    await leave(tx, "before");
    await tx
      .transaction(async (inner) => {
        await leave(inner, "inside");
        throw new Error("back");
      })
      .catch(() => undefined);
    await tx.transaction((inner) => leave(inner, "inside again"));
  });
  await expect(db.transaction((tx) => tx.execute("no sql"))).rejects.toThrow();
  expect(await left()).toEqual(["before", "inside again"]);
});
