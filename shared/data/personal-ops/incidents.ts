import { sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import type { Severity } from "../platform/notification-schema.ts";
import { at } from "../sql-instant.ts";

/** Something that is wrong now. */
export interface IncidentCause {
  readonly type: string;
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  readonly detail?: string;
  /** How many times it happened since the last call. Default 1. */
  readonly occurrences?: number;
}

export interface RaisedIncident {
  readonly id: number;
  /** Whether this call began it: the caller notifies only then. */
  readonly isNew: boolean;
}

/**
 * Records that the cause of an incident was seen. An unresolved incident of the type and key counts it. So does one
 * that began less than an hour ago and was resolved: it is open again. Otherwise a new incident begins. The severity
 * never falls while an incident is unresolved.
 */
export async function raiseIncident(tx: Tx, cause: IncidentCause, now: Date): Promise<RaisedIncident> {
  const { type, key, severity, title, detail = "", occurrences = 1 } = cause;
  // Two transactions that see one cause: the second counts on the incident of the first.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`incident ${type} ${key}`}, 0))`);
  const [known] = await tx.execute<{ id: number }>(sql`
    update personal_ops.incidents i
       set occurrences = i.occurrences + ${occurrences}, last_seen = greatest(i.last_seen, ${at(now)}),
           title = ${title}, detail = ${detail},
           severity = case when array_position(array['INFO', 'WARN', 'SEV1', 'SEV0'], ${severity})
                             > array_position(array['INFO', 'WARN', 'SEV1', 'SEV0'], i.severity)
                           then ${severity} else i.severity end,
           status = case when i.status = 'resolved' then 'open' else i.status end,
           resolved_at = null, resolved_by = null, resolution = null, archived = false
     where i.id = (
       select id from personal_ops.incidents
        where type = ${type} and key = ${key}
          and (status <> 'resolved' or first_seen > ${at(now)} - interval '1 hour'
               or hour = date_trunc('hour', ${at(now)} at time zone 'UTC'))
        order by status = 'resolved', id desc
        limit 1)
    returning i.id::float8 as id`);
  if (known) return { id: known.id, isNew: false };
  const [added] = await tx.execute<{ id: number }>(sql`
    insert into personal_ops.incidents (type, key, severity, title, detail, occurrences, first_seen, last_seen)
    values (${type}, ${key}, ${severity}, ${title}, ${detail}, ${occurrences}, ${at(now)}, ${at(now)})
    returning id::float8 as id`);
  return { id: added!.id, isNew: true };
}

/**
 * Resolves the unresolved incidents whose cause was last seen before an instant.
 * @param by the job that no longer sees the cause
 * @returns how many
 */
export async function resolveUnseenIncidents(
  tx: Executor,
  { before, by, now }: { readonly before: Date; readonly by: string; readonly now: Date },
): Promise<number> {
  const rows = await tx.execute(sql`
    update personal_ops.incidents
       set status = 'resolved', resolved_at = ${at(now)}, resolved_by = ${by}, resolution = 'the cause was no longer seen'
     where status <> 'resolved' and last_seen < ${at(before)}
    returning id`);
  return rows.length;
}

/** Archives incidents that were resolved before an instant. @returns how many */
export async function archiveIncidents(tx: Tx, before: Date, limit: number): Promise<number> {
  const rows = await tx.execute(sql`
    update personal_ops.incidents set archived = true
     where id in (select id from personal_ops.incidents
                   where status = 'resolved' and not archived and resolved_at < ${at(before)}
                   order by resolved_at, id limit ${limit} for update skip locked)
    returning id`);
  return rows.length;
}
