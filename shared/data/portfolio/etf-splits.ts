import { asc, eq } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { etfSplits } from "./etf-schema.ts";

/** A split as a source states it. */
export interface StatedSplit {
  readonly date: string;
  readonly numerator: string;
  readonly denominator: string;
}

/** Stores the splits that sources state; known ones stay. */
export async function storeSplits(
  tx: Tx,
  stated: readonly { readonly etfId: number; readonly source: string; readonly splits: readonly StatedSplit[] }[],
  foundAt: Date,
): Promise<void> {
  const rows = stated.flatMap(({ etfId, source, splits }) =>
    splits.map((split) => ({ etfId, source, ...split, foundAt })),
  );
  if (rows.length > 0) await tx.insert(etfSplits).values(rows).onConflictDoNothing();
}

/** The known splits of an ETF, oldest first. */
export async function listSplits(db: Executor, etfId: number): Promise<(StatedSplit & { source: string })[]> {
  const { date, numerator, denominator, source } = etfSplits;
  return db
    .select({ date, numerator, denominator, source })
    .from(etfSplits)
    .where(eq(etfSplits.etfId, etfId))
    .orderBy(asc(date));
}
