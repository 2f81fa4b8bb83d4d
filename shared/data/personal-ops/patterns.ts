import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Db, Executor } from "../client.ts";
import { at } from "../sql-instant.ts";
import { patterns, type PatternType } from "./personal-ops-schema.ts";

/** A pattern that a scan has found. */
export interface FoundPattern {
  readonly type: PatternType;
  readonly fingerprint: string;
  readonly confidence: number;
  readonly title: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Stores the patterns of a scan: one row per fingerprint, with the newest figures. */
export async function storePatterns(tx: Executor, found: readonly FoundPattern[], now: Date): Promise<void> {
  if (found.length === 0) return;
  // In one order, so that two scans do not wait for each other.
  const rows = found.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  await tx.execute(sql`
    insert into personal_ops.patterns as p (type, fingerprint, confidence, title, evidence, first_seen, last_seen)
    select f.type, f.fingerprint, f.confidence, f.title, f.evidence, ${at(now)}, ${at(now)}
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as f(type text, fingerprint text, confidence float8, title text, evidence jsonb)
    on conflict (fingerprint) do update
       set confidence = excluded.confidence, title = excluded.title, evidence = excluded.evidence,
           occurrences = p.occurrences + 1, last_seen = greatest(p.last_seen, excluded.last_seen)`);
}

export interface PatternFilter {
  readonly type?: PatternType | undefined;
  /** The id of the last pattern of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Those that were found last come first. */
export async function listPatterns(db: Db, { type, before, limit }: PatternFilter) {
  return db
    .select()
    .from(patterns)
    .where(and(type && eq(patterns.type, type), before === undefined ? undefined : lt(patterns.id, before)))
    .orderBy(desc(patterns.id))
    .limit(limit);
}

export type StoredPattern = Awaited<ReturnType<typeof listPatterns>>[number];
