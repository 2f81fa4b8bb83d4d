import type { Db, Tx } from "#data/client.ts";
import { confirmHolds, type Hold, lostHold } from "#data/platform/holds.ts";
import { LeaseLost } from "#jobs/endings.ts";

/**
 * Does work in one transaction that commits only while all runs are held. The last word before the commit is the ledger's: when a
 * run was taken away, everything rolls back.
 * @throws LeaseLost
 */
export async function fencedTransaction<T>(db: Db, holds: readonly Hold[], work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await db.transaction(async (tx) => {
      const result = await work(tx);
      await confirmHolds(tx, holds);
      return result;
    });
  } catch (error) {
    const lost = lostHold(error);
    throw lost === undefined ? error : new LeaseLost(lost);
  }
}
