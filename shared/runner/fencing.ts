import type { Db, Tx } from "#data/client.ts";
import { confirmLeases, type LeaseToken, lostLease } from "#data/platform/run-leases.ts";
import { LeaseLost } from "#jobs/endings.ts";

/**
 * Does work in one transaction that commits only while this process holds all of the runs. The last statement before
 * the commit confirms that: when another process holds one, everything rolls back.
 * @throws LeaseLost
 */
export async function fencedTransaction<T>(
  db: Db,
  holds: readonly LeaseToken[],
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return orLeaseLost(
    db.transaction(async (tx) => {
      const result = await work(tx);
      await confirmLeases(tx, holds);
      return result;
    }),
  );
}

/** The result of a transaction; the error of its fence as LeaseLost. */
export async function orLeaseLost<T>(transaction: Promise<T>): Promise<T> {
  try {
    return await transaction;
  } catch (error) {
    const lost = lostLease(error);
    throw lost === undefined ? error : new LeaseLost(lost);
  }
}
