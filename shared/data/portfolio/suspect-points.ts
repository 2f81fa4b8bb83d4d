import { and, asc, eq, inArray, type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { etfs } from "./etf-schema.ts";
import { exchangeRates } from "./portfolio-schema.ts";
import {
  SUSPECT_KINDS,
  type SuspectKind,
  type SuspectPoint,
  suspectPoints,
  type SuspectState,
} from "./suspect-schema.ts";

/** A point to hold back. */
export type NewSuspectPoint = Pick<
  SuspectPoint,
  "kind" | "subject" | "date" | "value" | "expected" | "source" | "rule" | "reason" | "foundAt"
> &
  Partial<Pick<SuspectPoint, "etfId" | "contributionId" | "point" | "series" | "runId">>;

/** Holds points back. A point that is held already gets the new value and reason. @returns those that are new */
export async function holdPoints(tx: Tx, points: readonly NewSuspectPoint[]): Promise<SuspectPoint[]> {
  if (points.length === 0) return [];
  const stored = await tx
    .insert(suspectPoints)
    .values([...points])
    .onConflictDoUpdate({
      target: [suspectPoints.kind, suspectPoints.subject, suspectPoints.date, suspectPoints.source],
      targetWhere: sql`state = 'held'`,
      set: {
        value: sql`excluded.value`,
        expected: sql`excluded.expected`,
        point: sql`excluded.point`,
        rule: sql`excluded.rule`,
        reason: sql`excluded.reason`,
      },
    })
    // xmax is 0 for an inserted row.
    .returning({ id: suspectPoints.id, isNew: sql<boolean>`xmax = 0` });
  const ids = stored.filter(({ isNew }) => isNew).map(({ id }) => id);
  return ids.length === 0
    ? []
    : tx.select().from(suspectPoints).where(inArray(suspectPoints.id, ids)).orderBy(asc(suspectPoints.id));
}

/** How a held point was decided. */
export interface Resolution {
  readonly id: number;
  readonly state: "accepted" | "rejected";
  readonly resolution: string;
  /** A person, or `rota` for a later answer. */
  readonly by: string;
  readonly at: Date;
}

/** Decides held points. A point that is decided already stays. @returns the points that changed */
export async function resolvePoints(tx: Tx, resolutions: readonly Resolution[]): Promise<SuspectPoint[]> {
  const resolved: SuspectPoint[] = [];
  for (const { id, state, resolution, by, at } of resolutions) {
    const rows = await tx
      .update(suspectPoints)
      .set({ state, resolution, resolvedBy: by, resolvedAt: at })
      .where(and(eq(suspectPoints.id, id), eq(suspectPoints.state, "held")))
      .returning();
    resolved.push(...rows);
  }
  return resolved;
}

/**
 * Takes the decision about a point back. A unique index refuses it while another value of its day is held, because a
 * day has one held value of a source.
 */
export async function holdAgain(tx: Tx, id: number): Promise<SuspectPoint> {
  const [point] = await tx
    .update(suspectPoints)
    .set({ state: "held", resolution: null, resolvedBy: null, resolvedAt: null })
    .where(eq(suspectPoints.id, id))
    .returning();
  return point!;
}

/** Rejects a point whose decision is taken back while another value of its day is held. */
export async function rejectWithdrawn(tx: Tx, id: number, { by, at }: { by: string; at: Date }): Promise<SuspectPoint> {
  const resolution = "it was withdrawn while another value of the day is held";
  const [point] = await tx
    .update(suspectPoints)
    .set({ state: "rejected", resolution, resolvedBy: by, resolvedAt: at })
    .where(eq(suspectPoints.id, id))
    .returning();
  return point!;
}

/** Locks the points that were stored in the transaction that released one, with this resolution. */
export async function lockReleasedWith(
  tx: Tx,
  { kind, subject, source, resolvedAt }: SuspectPoint,
  resolution: string,
): Promise<SuspectPoint[]> {
  return tx
    .select()
    .from(suspectPoints)
    .where(
      and(
        eq(suspectPoints.kind, kind),
        eq(suspectPoints.subject, subject),
        eq(suspectPoints.source, source),
        eq(suspectPoints.state, "accepted"),
        eq(suspectPoints.resolvedAt, resolvedAt!),
        eq(suspectPoints.resolution, resolution),
      ),
    )
    .for("update");
}

/** All points of ETFs that were ever held back, by ETF and day. */
export async function suspectsOfEtfs(tx: Executor, etfIds: readonly number[]): Promise<SuspectPoint[]> {
  return tx
    .select()
    .from(suspectPoints)
    .where(sql`${suspectPoints.etfId} = any(${plainArray(etfIds)}::bigint[])`)
    .orderBy(asc(suspectPoints.etfId), asc(suspectPoints.date), asc(suspectPoints.id));
}

/** The rates of a source that were ever held back, of a range of days. */
export async function suspectRates(
  tx: Executor,
  { quotes, source, from, to }: { quotes: readonly string[]; source: string; from: string; to: string },
): Promise<SuspectPoint[]> {
  return tx
    .select()
    .from(suspectPoints)
    .where(
      and(
        eq(suspectPoints.kind, "rate"),
        eq(suspectPoints.source, source),
        sql`${suspectPoints.subject} = any(${plainArray(quotes)})`,
        sql`${suspectPoints.date} between ${from}::date and ${to}::date`,
      ),
    )
    .orderBy(asc(suspectPoints.id));
}

/** The days of a range on which a rate is held back, or was rejected and no other one is stored, oldest first. */
export async function unsettledRateDays(db: Executor, { from, to }: { from: string; to: string }): Promise<string[]> {
  const rows = await db.execute<{ date: string }>(sql`
    select distinct s.date::text as date from ${suspectPoints} s
     where s.kind = 'rate' and s.date between ${from}::date and ${to}::date
       and (s.state = 'held' or (s.state = 'rejected' and not exists (
         select from ${exchangeRates} r where r.date = s.date and r.quote = s.subject)))
     order by 1`);
  return rows.map(({ date }) => date);
}

/** By ETF symbol or currency: the number of points that are held back, and the oldest of their days. */
export async function heldPoints(
  db: Executor,
  kind: SuspectKind,
): Promise<Map<string, { count: number; oldest: string }>> {
  const rows = await db.execute<{ subject: string; count: number; oldest: string }>(sql`
    select s.subject, count(*)::integer as count, min(s.date)::text as oldest
      from ${suspectPoints} s where s.state = 'held' and s.kind = ${kind} group by s.subject`);
  return new Map(rows.map(({ subject, count, oldest }) => [subject, { count, oldest }]));
}

export interface SuspectFilter {
  readonly state?: SuspectState | undefined;
  readonly kind?: SuspectKind | undefined;
  readonly subject?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** The id of the last one of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listSuspectPoints(
  db: Executor,
  { state, kind, subject, from, to, before, limit }: SuspectFilter,
): Promise<SuspectPoint[]> {
  const conditions: (SQL | undefined)[] = [
    state && eq(suspectPoints.state, state),
    kind && eq(suspectPoints.kind, kind),
    subject === undefined ? undefined : eq(suspectPoints.subject, subject),
    // The index of subjects begins with the kind, and PostgreSQL before 18 does not skip over it.
    subject === undefined || kind ? undefined : inArray(suspectPoints.kind, SUSPECT_KINDS),
    from === undefined ? undefined : sql`${suspectPoints.date} >= ${from}::date`,
    to === undefined ? undefined : sql`${suspectPoints.date} <= ${to}::date`,
    before === undefined ? undefined : sql`${suspectPoints.id} < ${before}`,
  ];
  return db
    .select()
    .from(suspectPoints)
    .where(and(...conditions))
    .orderBy(sql`${suspectPoints.id} desc`)
    .limit(limit);
}

/**
 * Locks a point until the transaction ends, and its ETF before it, in the order of a synchronisation.
 * @returns undefined when it does not exist
 */
export async function lockSuspectPoint(tx: Tx, id: number): Promise<SuspectPoint | undefined> {
  await tx.execute(sql`
    select from ${etfs} e where e.id = (select s.etf_id from ${suspectPoints} s where s.id = ${id}) for update`);
  const [found] = await tx.select().from(suspectPoints).where(eq(suspectPoints.id, id)).for("update");
  return found;
}
