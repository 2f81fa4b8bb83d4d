import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { type Incident, incidents, type IncidentStatus } from "./personal-ops-schema.ts";

export interface IncidentFilter {
  readonly status?: IncidentStatus | undefined;
  /** The id of the last incident of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first, without archived ones. */
export async function listIncidents(db: Executor, { status, before, limit }: IncidentFilter): Promise<Incident[]> {
  return db
    .select()
    .from(incidents)
    .where(
      and(
        eq(incidents.archived, false),
        status && eq(incidents.status, status),
        before === undefined ? undefined : lt(incidents.id, before),
      ),
    )
    .orderBy(desc(incidents.id))
    .limit(limit);
}

export async function findIncident(db: Executor, id: number): Promise<Incident | undefined> {
  const [found] = await db.select().from(incidents).where(eq(incidents.id, id));
  return found;
}

/** What a person does about an incident. */
export interface IncidentAction {
  readonly id: number;
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
}

/** @returns false unless it is open */
export async function acknowledgeIncident(tx: Tx, action: IncidentAction): Promise<boolean> {
  const rows = await tx.execute(sql`
    update personal_ops.incidents
       set status = 'acknowledged', acknowledged_at = ${at(action.at)}, acknowledged_by = ${action.by}
     where id = ${action.id} and status = 'open'
    returning id`);
  return rows.length > 0;
}

/** @returns false when it is resolved already, or does not exist */
export async function resolveIncident(tx: Tx, action: IncidentAction): Promise<boolean> {
  const rows = await tx.execute(sql`
    update personal_ops.incidents
       set status = 'resolved', resolved_at = ${at(action.at)}, resolved_by = ${action.by}, resolution = ${action.reason}
     where id = ${action.id} and status <> 'resolved'
    returning id`);
  return rows.length > 0;
}

/** Resolves the unresolved incident of a cause that is over. @returns whether there was one */
export async function resolveIncidentOf(
  tx: Tx,
  { type, key, by, reason, at: now }: Omit<IncidentAction, "id"> & { readonly type: string; readonly key: string },
): Promise<boolean> {
  const rows = await tx.execute(sql`
    update personal_ops.incidents
       set status = 'resolved', resolved_at = ${at(now)}, resolved_by = ${by}, resolution = ${reason}
     where type = ${type} and key = ${key} and status <> 'resolved'
    returning id`);
  return rows.length > 0;
}
