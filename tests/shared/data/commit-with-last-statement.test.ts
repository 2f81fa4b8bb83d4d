import { sql } from "drizzle-orm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { afterCommit } from "#data/after-commit.ts";
import { type Db, type Tx } from "#data/client.ts";
import { sendLastStatement } from "#data/commit-with-last-statement.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";

const { db } = await openDatabase({ poolMax: 1 });
beforeAll(async () => {
  await db.execute("create table written (n integer)");
});
afterEach(() => emptyTables(db, ["written"]));

const write = (tx: Tx, n: number) => tx.execute(sql`insert into written values (${n}::integer)`);
/** Divides by it. */
const word = (tx: Tx | Db, n: number) => tx.execute(sql`select 1 / ${n}::integer`);
const written = async () =>
  [...(await db.execute<{ n: number }>("select n from written order by n"))].map(({ n }) => n);

describe("a last statement", () => {
  it("that fails rolls its transaction back, on the first use and when it is prepared", async () => {
    const committed: number[] = [];
    for (const n of [1, 2, 3]) {
      const transaction = db.transaction(async (tx) => {
        await write(tx, n);
        afterCommit(tx, () => committed.push(n));
        await sendLastStatement(tx, word(tx, 0));
      });
      await expect(transaction).rejects.toMatchObject({ cause: { code: "22012" } });
    }
    expect(await written()).toEqual([]);
    expect(committed).toEqual([]);
  });

  it("that succeeds commits, and the connection stays usable", async () => {
    for (const n of [1, 2, 3]) {
      const result = await db.transaction(async (tx) => {
        await write(tx, n);
        await sendLastStatement(tx, word(tx, n));
        return n;
      });
      expect(result).toBe(n);
    }
    expect(await written()).toEqual([1, 2, 3]);
  });

  it("is sent before the commit, also when it is the only statement", async () => {
    for (const n of [0, 1, 0, 1]) {
      const transaction = db.transaction((tx) =>
        sendLastStatement(tx, tx.execute(sql`insert into written select 1 / ${n}::integer`)),
      );
      await transaction.catch(() => undefined);
    }
    const late = db.transaction(async (tx) => {
      await sendLastStatement(tx, tx.execute(sql`select txid_current_if_assigned(), 1 / ${1}::integer`));
      await sendLastStatement(tx, word(tx, 0));
    });
    await expect(late).rejects.toThrow();
    expect(await written()).toEqual([1, 1]);
  });

  it("is awaited outside of a transaction", async () => {
    await expect(sendLastStatement(db, word(db, 0))).rejects.toMatchObject({ cause: { code: "22012" } });
  });
});
