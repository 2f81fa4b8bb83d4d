import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, type Db, type Tx } from "#data/client.ts";
import { sendLastStatement } from "#data/commit-with-last-statement.ts";
import { TransactionEnded } from "#data/transaction-guard.ts";
import { createDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { listenInFront } from "#support/faulty-proxy.ts";

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
  await emptyTables(db, ["written"]);
});
afterEach(() => db.$client.end({ timeout: 1 }));

const write = (tx: Pick<Tx, "execute">, n: number) => tx.execute(sql`insert into written values (${n}::integer)`);
const divide = (tx: Pick<Tx, "execute">, by: number) => tx.execute(sql`select 1 / ${by}::integer`);
/** The driver refuses the statement, and PostgreSQL never sees it. */
const refused = (tx: Pick<Tx, "execute">) => tx.execute(sql`select ${sql.param(undefined)}::integer`);
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
    ["has a statement that the driver refuses", refused],
    ["catches the error of a statement that the driver refuses", (tx: Tx) => refused(tx).catch(() => undefined)],
    ["has a last statement that the driver refuses", (tx: Tx) => sendLastStatement(tx, refused(tx))],
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

  it("take no setting of the one before", async () => {
    const first = db.transaction((tx) => tx.execute("set local lock_timeout = '1234ms'"));
    const second = db.transaction((tx) => tx.execute("select current_setting('lock_timeout') as value"));
    await first;
    expect([...(await second)]).toEqual([{ value: "0" }]);
  });

  it("hold no snapshot and no transaction id before their first statement", async () => {
    const first = db.transaction(async (tx) => {
      await write(tx, 1);
      return tx.execute<{ pid: number }>("select pg_backend_pid() as pid");
    });
    const state = await db.transaction(async () => {
      const [{ pid } = {}] = await first;
      return observer.execute(sql`
        select state, backend_xid, backend_xmin from pg_stat_activity where pid = ${pid}`);
    });
    expect([...state]).toEqual([{ state: "idle in transaction", backend_xid: null, backend_xmin: null }]);
  });

  it("run in the asynchronous context of their callers", async () => {
    const context = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      [1, 2, 3].map((n) =>
        context.run(n, () =>
          db.transaction(async (tx) => {
            await write(tx, n);
            return context.getStore();
          }),
        ),
      ),
    );
    expect(seen).toEqual([1, 2, 3]);
  });

  it("let a statement outside of them have its turn", async () => {
    let isAnswered = false;
    const transactions = Array.from({ length: 3 }, async () => {
      while (!isAnswered) await db.transaction((tx) => tx.execute("select 1"));
    });
    await db.transaction(() => Promise.resolve());
    await db.execute("select 1");
    isAnswered = true;
    await Promise.all(transactions);
  });

  it("commit or reject, each of them, when the pool ends", async () => {
    const all = Array.from({ length: 5 }, (_, n) => db.transaction((tx) => write(tx, n)));
    await db.$client.end();
    const outcomes = await Promise.allSettled(all);
    const committed = outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [n] : []));
    expect(await written()).toEqual(committed);
  });
});

describe("a connection that is lost with the message that commits and begins", () => {
  // After 50 ms a chain ends. On a busy machine the first transaction may take as long, and no such message is sent.
  beforeEach(() => void vi.spyOn(performance, "now").mockReturnValue(performance.now()));
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["before it arrives", "request" as const, [2, 3]],
    ["before its answer arrives", "answer" as const, [1, 2, 3]],
  ])("%s: the first transaction rejects, the others are executed once", async (_, lost, expected) => {
    await using proxy = await startCuttingProxy(database.url, lost);
    const cut = connect({ idleMs: 60_000, tls: "disable", prepare: true, url: proxy.url, poolMax: 1 });
    try {
      const all = await Promise.allSettled([1, 2, 3].map((n) => cut.transaction((tx) => write(tx, n))));
      expect(all.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
      expect(await written()).toEqual(expected);
    } finally {
      await cut.$client.end({ timeout: 1 });
    }
  });
});

/** A proxy in front of PostgreSQL that loses the first message that commits and begins, or its answer. */
async function startCuttingProxy(serverUrl: string, lost: "request" | "answer") {
  const target = new URL(serverUrl);
  let isArmed = true;
  const server = createServer((client) => {
    const upstream = connectTcp(Number(target.port), target.hostname);
    let isCut = false;
    client.on("data", (chunk) => {
      const isHit = isArmed && chunk.includes("commit; show lock_timeout; begin");
      if (isHit) isArmed = false;
      isCut ||= isHit;
      if (isHit && lost === "request") client.resetAndDestroy();
      else upstream.write(chunk);
    });
    upstream.on("data", (chunk) => (isCut ? client.resetAndDestroy() : client.write(chunk)));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on("error", () => undefined);
      socket.on("close", () => other.destroy());
    }
  });
  return {
    url: await listenInFront(server, serverUrl),
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}
