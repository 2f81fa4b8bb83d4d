import { and, eq, gte, inArray, lt, max, type SQL, sql, type SQLChunk } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { tablesOf } from "./kind-tables.ts";
import { KNOWLEDGE_KINDS, type ProposalMetrics, proposalMetrics } from "./knowledge-schema.ts";

/** The metrics of both kinds at one instant. */
export interface Snapshot {
  readonly takenAt: Date;
  readonly topic: ProposalMetrics;
  readonly atom: ProposalMetrics;
}

/**
 * Stores a snapshot of each kind, with one statement a kind, which reads each proposal once. docs/knowledge.md defines
 * the figures. A snapshot of the same instant is replaced.
 * @param threshold the confidence from which the automatic review approves
 */
export async function storeSnapshot(tx: Tx, { now, threshold }: { now: Date; threshold: number }): Promise<Snapshot> {
  const figures = Object.entries(figuresAt(now, threshold));
  const names = figures.map(([name]) => sql.identifier(name));
  const replaced = names.map((name) => sql`${name} = excluded.${name}`);
  for (const kind of KNOWLEDGE_KINDS) {
    await tx.execute(sql`
      insert into ${proposalMetrics} (taken_at, kind, ${list(names)})
      select ${at(now)}, ${kind}, ${list(figures.map(([, figure]) => figure))} from ${tablesOf(kind).proposals}
          on conflict (taken_at, kind) do update set ${list(replaced)}`);
  }
  const [snapshot] = bySnapshot(await tx.select().from(proposalMetrics).where(eq(proposalMetrics.takenAt, now)));
  return snapshot!;
}

function figuresAt(now: Date, threshold: number): Readonly<Record<string, SQL>> {
  const age = sql`greatest(0, extract(epoch from ${at(now)} - created_at))::float8`;
  // What the automatic review is to approve. A flagged or a reopened proposal waits for a person.
  const queue = sql`status = 'pending' and confidence >= ${threshold} and not (${FLAGGED}) and reviewed_by is null`;
  return {
    pending: count(sql`status = 'pending'`),
    approved: count(sql`status = 'approved'`),
    rejected: count(sql`status = 'rejected'`),
    merged: count(sql`status = 'merged'`),
    approval_rate: share(sql`status = 'approved'`, DECIDED),
    auto_approval_rate: share(sql`status = 'approved' and ${BY_JOB}`, DECIDED),
    duplicate_rate: share(FLAGGED, sql`dedup_scanned_at is not null`),
    duplicate_accuracy: share(
      sql`status in ('merged', 'rejected')`,
      sql`${FLAGGED} and ${DECIDED} and not (${BY_JOB})`,
    ),
    expiration_rate: share(sql`status = 'rejected' and ${BY_JOB}`, DECIDED),
    average_pending_confidence: sql`avg(confidence) filter (where status = 'pending')`,
    queue_age_mean: sql`avg(${age}) filter (where ${queue})`,
    queue_age_p95: sql`percentile_cont(0.95) within group (order by ${age}) filter (where ${queue})`,
  };
}

const DECIDED = sql`status <> 'pending'`;
const FLAGGED = sql`similarity_type is not null`;
/** A job has no caller. */
const BY_JOB = sql`reviewed_by is null`;

function count(which: SQL): SQL {
  return sql`count(*) filter (where ${which})`;
}

/** Of the rows of a set, the share of those that are also `which`; null for an empty set. */
function share(which: SQL, set: SQL): SQL {
  return sql`count(*) filter (where ${which} and ${set})::float8 / nullif(count(*) filter (where ${set}), 0)`;
}

function list(parts: readonly SQLChunk[]): SQL {
  return sql.join([...parts], sql`, `);
}

/** Deletes old snapshots. @returns the number of deleted rows */
export async function deleteOldSnapshots(tx: Tx, cutoff: Date, limit: number): Promise<number> {
  const deleted = await tx.execute(sql`
    delete from ${proposalMetrics} where (taken_at, kind) in (
      select taken_at, kind from ${proposalMetrics} where taken_at < ${at(cutoff)} order by taken_at limit ${limit})`);
  return deleted.count;
}

/** The newest snapshot; undefined before the first. */
export async function newestSnapshot(db: Executor): Promise<Snapshot | undefined> {
  const newest = db.select({ at: max(proposalMetrics.takenAt) }).from(proposalMetrics);
  return bySnapshot(await db.select().from(proposalMetrics).where(eq(proposalMetrics.takenAt, newest)))[0];
}

/** The last snapshot of each step from `from` until `to`, oldest first. */
export async function snapshotsBetween(
  db: Executor,
  { from, to, stepSeconds }: { from: Date; to: Date; stepSeconds: number },
): Promise<Snapshot[]> {
  const last = db
    .select({ at: max(proposalMetrics.takenAt) })
    .from(proposalMetrics)
    .where(and(gte(proposalMetrics.takenAt, from), lt(proposalMetrics.takenAt, to)))
    .groupBy(sql`date_bin(make_interval(secs => ${stepSeconds}), taken_at, ${at(from)})`);
  const rows = await db
    .select()
    .from(proposalMetrics)
    .where(inArray(proposalMetrics.takenAt, last))
    .orderBy(proposalMetrics.takenAt);
  return bySnapshot(rows);
}

function bySnapshot(rows: readonly ProposalMetrics[]): Snapshot[] {
  return [...Map.groupBy(rows, ({ takenAt }) => takenAt.getTime()).values()].flatMap((both) => {
    const [topic, atom] = KNOWLEDGE_KINDS.map((kind) => both.find((row) => row.kind === kind));
    return topic && atom ? [{ takenAt: topic.takenAt, topic, atom }] : [];
  });
}
