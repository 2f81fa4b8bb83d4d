import { eq, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { subsequentTaxes } from "./analysis-schema.ts";
import { liens } from "./tax-lien-schema.ts";

/** A tax of a later year. Dollars, a decimal as text. */
export interface SubsequentTax {
  readonly day: string;
  readonly amount: string;
}

/**
 * Replaces the taxes of later years of a lien.
 * @param taxes at most one a day
 * @returns those before; undefined when there is no such lien
 */
export async function replaceSubsequentTaxes(
  tx: Tx,
  lienId: number,
  taxes: readonly SubsequentTax[],
): Promise<SubsequentTax[] | undefined> {
  // The lock lets two requests for one lien replace one after the other.
  const found = await tx.execute(sql`select from ${liens} where id = ${lienId} for no key update`);
  if (found.count === 0) return undefined;
  const before = await listSubsequentTaxes(tx, lienId);
  await tx.delete(subsequentTaxes).where(eq(subsequentTaxes.lienId, lienId));
  if (taxes.length) await tx.insert(subsequentTaxes).values(taxes.map((tax) => ({ ...tax, lienId })));
  return before;
}

/** The taxes of later years of a lien, by day. */
export async function listSubsequentTaxes(db: Executor, lienId: number): Promise<SubsequentTax[]> {
  const { day, amount } = subsequentTaxes;
  return db.select({ day, amount }).from(subsequentTaxes).where(eq(subsequentTaxes.lienId, lienId)).orderBy(day);
}
