import { and, asc, eq, lt, type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Db, Executor, Tx } from "../client.ts";
import { sendLastStatement } from "../commit-with-last-statement.ts";
import type { Refusal } from "./gate-refusals.ts";
import { jobRuns, type Progress, type Run } from "./platform-schema.ts";

/** Identifies the lease of one attempt. Writes for the run require that all three still match (fencing). */
export interface LeaseToken {
  readonly id: string;
  readonly attempt: number;
  readonly holder: string;
}

/** A lease to grant: to which process, for how many milliseconds. */
export interface Lease {
  readonly holder: string;
  readonly leaseMs: number;
}

export function leaseExpiry({ leaseMs }: Lease): SQL {
  return sql`now() + ${leaseMs}::integer * interval '1 ms'`;
}

/** The SQLSTATE that `platform.confirm_leases` raises. */
const LEASE_LOST = "RT001";

/**
 * Locks runs against rescue until the caller's transaction ends. The transaction commits only if this process still
 * holds all of them. The locks are shared and block heartbeats only. The statement goes out with the commit: a lost
 * lease rejects the transaction.
 */
export async function confirmLeases(tx: Tx, leases: readonly LeaseToken[]): Promise<void> {
  await sendLastStatement(tx, tx.execute(sql`select ${confirmation(leases)}`));
}

/** The call that locks runs and raises when a lease is lost; `lostLease` recognises its error. */
export function confirmation(leases: readonly LeaseToken[]): SQL {
  const [ids, attempts] = [leases.map(({ id }) => id), leases.map(({ attempt }) => String(attempt))];
  const holder = leases[0]?.holder ?? "";
  return sql`platform.confirm_leases(${plainArray(ids)}::uuid[], ${plainArray(attempts)}::integer[], ${holder})`;
}

/** The id of the run whose lease was lost; undefined for other errors. */
export function lostLease(error: unknown): string | undefined {
  const { code, detail } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown; detail?: unknown };
  return code === LEASE_LOST ? String(detail) : undefined;
}

export interface Heartbeat extends LeaseToken {
  readonly progress: Progress | null;
  readonly needs: readonly string[];
}

/** The answer to a heartbeat whose lease is still valid. */
export interface RenewedLease extends Pick<Run, "id" | "attempt"> {
  readonly cancelRequested: boolean;
  readonly cancelReason: string | null;
  /** The gate that stops the attempt. Pauses and quiet hours are ignored: they only block starts. */
  readonly refusal: Refusal | null;
}

/**
 * Renews many leases, stores their progress and checks the gates, in one statement. The closed gate that stops an
 * attempt is stored with it: also a process that dies during the stop spends no attempt.
 * @returns the runs whose lease was still valid
 */
export async function renewLeases(db: Executor, beats: readonly Heartbeat[], leaseMs: number): Promise<RenewedLease[]> {
  const order = lockInIdOrder(beats, sql`beat.id`);
  const rows = await db.execute<RenewedLease & Record<string, unknown>>(sql`
    with ${order.lock} beat as (
      select * from jsonb_to_recordset(${JSON.stringify(beats)}::jsonb)
           as given(id uuid, attempt integer, holder text, progress jsonb, needs text[])
    )
    update ${jobRuns} r
       set heartbeat_at = now(), lease_expires_at = now() + ${leaseMs}::integer * interval '1 ms',
           progress = coalesce(beat.progress, r.progress),
           (reason_code, reason) = (
             select coalesce(r.reason_code, gate.code), case when r.reason_code is null then coalesce(gate.reason, r.reason) else r.reason end
               from (values (1)) one left join lateral (
                 select code, reason from platform.gate_refusals(r.job_id, r.family, beat.needs, now())
                  where code not in ('paused', 'quiet-hours') order by rank, reason limit 1
               ) gate on r.cancel_requested_at is null)
      from beat ${order.join}
     where r.id = beat.id and r.attempt = beat.attempt and r.lease_holder = beat.holder and r.lease_expires_at is not null
    returning r.id, r.attempt, r.cancel_requested_at is not null as "cancelRequested", r.reason as "cancelReason",
              case when r.reason_code is not null then jsonb_build_object('code', r.reason_code, 'reason', r.reason) end as refusal`);
  return [...rows];
}

const hasExpiredLease = and(eq(jobRuns.state, "running"), lt(jobRuns.leaseExpiresAt, sql`now()`));

/** Running runs whose lease expired, the longest expired first. */
export async function runsWithExpiredLease(db: Db, limit: number): Promise<Run[]> {
  return db.select().from(jobRuns).where(hasExpiredLease).orderBy(asc(jobRuns.leaseExpiresAt)).limit(limit);
}

/**
 * SQL parts that lock rows in id order, so that a heartbeat and the completion of a batch cannot deadlock. A single row
 * needs no lock order.
 */
export function lockInIdOrder(runs: readonly { readonly id: string }[], id: SQL): { lock: SQL; join: SQL } {
  if (runs.length < 2) return { lock: sql``, join: sql`` };
  const ids = plainArray(runs.map((run) => run.id));
  return {
    lock: sql`locked as materialized (select id from ${jobRuns} where id = any (${ids}::uuid[]) order by id for update),`,
    join: sql`join locked on locked.id = ${id}`,
  };
}
