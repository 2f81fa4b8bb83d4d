import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { at } from "../sql-instant.ts";
import { corrections } from "./personal-ops-schema.ts";

/** Something that a job or the person did. */
export interface AuditedAction {
  readonly at: Date;
  readonly action: string;
  readonly isByHand: boolean;
  readonly hasFailed: boolean;
}

/** The most facts of one list: the newest ones. */
const MOST = 100_000;

/** An attempt that a gate stopped, or that waits or was cancelled, has a code: nothing was done, and nothing failed. */
const wasDone = sql`(success or (output ->> 'code' is null and coalesce(output ->> 'state', 'dead') in ('dead', 'retrying')))`;

/** What jobs and people did from an instant on, without messages, oldest first. */
export async function listActions(db: Executor, since: Date, until: Date): Promise<AuditedAction[]> {
  const rows = await db.execute<ActionRow>(sql`
    select at, action, action_type in ('manual', 'control') as "isByHand", not success as "hasFailed"
      from personal_ops.agent_audit_log
     where not archived and at >= ${at(since)} and at < ${at(until)} and action_type <> 'communication' and ${wasDone}
     order by at desc, id desc
     limit ${MOST}`);
  return rows.map(actionOf).reverse();
}

/** What people did by hand from an instant on, oldest first. */
export async function listActionsByHand(db: Executor, since: Date, until: Date): Promise<AuditedAction[]> {
  const rows = await db.execute<ActionRow>(sql`
    select at, action, true as "isByHand", not success as "hasFailed"
      from personal_ops.agent_audit_log
     where not archived and action_type in ('manual', 'control') and at >= ${at(since)} and at < ${at(until)}
     order by at desc, id desc
     limit ${MOST}`);
  return rows.map(actionOf).reverse();
}

type ActionRow = Omit<AuditedAction, "at"> & { readonly at: string };

function actionOf({ at, ...action }: ActionRow): AuditedAction {
  return { ...action, at: new Date(at) };
}

export interface FailingAction {
  readonly action: string;
  readonly failures: number;
  /** Of the last failure. */
  readonly error: string;
}

/** The actions that failed at least so often since an instant. */
export async function listFailingActions(
  db: Executor,
  { since, least }: { readonly since: Date; readonly least: number },
): Promise<FailingAction[]> {
  return db.execute<{ action: string; failures: number; error: string }>(sql`
    select action, count(*)::integer as failures, (array_agg(error order by at desc, id desc))[1] as error
      from personal_ops.agent_audit_log
     where not archived and at >= ${at(since)} and not success and action_type <> 'communication' and ${wasDone}
     group by action
    having count(*) >= ${least}
     order by action`);
}

export type NewCorrection = Omit<typeof corrections.$inferInsert, "id">;

/** Stores corrections; a chat message has at most one. @returns the ids of the stored ones */
export async function addCorrections(tx: Executor, rows: readonly NewCorrection[]): Promise<number[]> {
  if (rows.length === 0) return [];
  const stored = await tx
    .insert(corrections)
    .values([...rows])
    .onConflictDoNothing({ target: corrections.chatMessageId })
    .returning({ id: corrections.id });
  return stored.map(({ id }) => id);
}

/** The corrections from an instant on, oldest first. */
export async function listCorrections(
  db: Executor,
  since: Date,
  until: Date,
): Promise<{ subject: string; right: string }[]> {
  const rows = await db.execute<{ subject: string; right: string }>(sql`
    select subject, "right" from personal_ops.corrections
     where at >= ${at(since)} and at < ${at(until)}
     order by at desc, id desc
     limit ${MOST}`);
  return [...rows].reverse();
}
