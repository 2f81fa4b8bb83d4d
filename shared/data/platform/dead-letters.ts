import { and, desc, eq, getTableColumns, gte, inArray, isNull, lt, type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Db, Executor, Tx } from "../client.ts";
import { deadMessages } from "./control-schema.ts";
import type { DeadMessage } from "./dead-messages.ts";
import { jobRuns, type Run } from "./platform-schema.ts";
import { countByJob, idsOfPage, isRepeated, type RepeatPage } from "./run-repeats.ts";

export interface DeadRunFilter {
  readonly ids?: readonly string[] | undefined;
  readonly jobId?: string | undefined;
  readonly family?: string | undefined;
  readonly errorClass?: string | undefined;
  /** Equal for errors that differ only in ids, numbers and quoted values. */
  readonly fingerprint?: string | undefined;
  /** When they died. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** `open`: without dismissed runs and runs that have a repeat, unless the repeat was skipped or cancelled. */
  readonly which: "open" | "all";
}

export interface DeadRun extends Run {
  readonly fingerprint: string;
}

/** Newest first. @param before the id of the last run of the page before */
export async function listDeadRuns(
  db: Db,
  filter: DeadRunFilter,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<DeadRun[]> {
  return db
    .select({ ...getTableColumns(jobRuns), fingerprint })
    .from(jobRuns)
    .where(and(matches(filter), before === undefined ? undefined : lt(jobRuns.id, before)))
    .orderBy(desc(jobRuns.id))
    .limit(limit);
}

/** The ids of a page of dead runs, oldest first. */
export function deadRunIds(tx: Executor, filter: DeadRunFilter, page: RepeatPage): Promise<string[]> {
  return idsOfPage(tx, matches(filter), page);
}

/** The number of dead runs by job. */
export function countDeadRuns(db: Executor, filter: DeadRunFilter): Promise<Record<string, number>> {
  return countByJob(db, matches(filter));
}

/** The fingerprints of the last errors of runs, by their ids. */
export async function errorFingerprints(tx: Executor, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx
    .select({ id: jobRuns.id, fingerprint })
    .from(jobRuns)
    .where(sql`${jobRuns.id} = any (${plainArray(ids)}::uuid[])`);
  return new Map(rows.map(({ id, fingerprint }) => [id, fingerprint]));
}

/** Messages that no job could read, newest first. @param which `open`: without dismissed ones */
export async function listDeadMessages(
  db: Db,
  {
    which,
    since,
    until,
    before,
    limit,
  }: Pick<DeadRunFilter, "which" | "since" | "until"> & { before?: string | undefined; limit: number },
): Promise<DeadMessage[]> {
  return db
    .select()
    .from(deadMessages)
    .where(
      and(
        which === "all" ? undefined : isNull(deadMessages.resolvedAt),
        since && gte(deadMessages.receivedAt, since),
        until && lt(deadMessages.receivedAt, until),
        before === undefined ? undefined : lt(deadMessages.id, before),
      ),
    )
    .orderBy(desc(deadMessages.id))
    .limit(limit);
}

/** The code of the reason of a dismissed run. */
export const DISMISSED = "dismissed";

/** Whether a dead run is open: it was neither repeated nor dismissed. */
export const isOpen = sql`(${jobRuns.reasonCode} is distinct from ${DISMISSED} and not ${isRepeated})`;

/** Dismisses a dead run: it stays stored, and is no longer open. @returns undefined when there is none to dismiss */
export async function dismissDeadRun(tx: Tx, id: string, reason: string): Promise<DeadRun | undefined> {
  const [row] = await tx
    .update(jobRuns)
    .set({ reason, reasonCode: DISMISSED })
    .where(and(eq(jobRuns.id, id), eq(jobRuns.state, "dead"), sql`${jobRuns.reasonCode} is distinct from ${DISMISSED}`))
    .returning({ ...getTableColumns(jobRuns), fingerprint });
  return row;
}

const lastError = sql`${jobRuns.errors} -> -1`;
const fingerprint = sql<string>`platform.error_fingerprint(${lastError})`.as("fingerprint");

function matches({ ids, jobId, family, errorClass, since, until, which, ...filter }: DeadRunFilter): SQL | undefined {
  return and(
    eq(jobRuns.state, "dead"),
    ids && inArray(jobRuns.id, [...ids]),
    jobId === undefined ? undefined : eq(jobRuns.jobId, jobId),
    family === undefined ? undefined : eq(jobRuns.family, family),
    errorClass === undefined ? undefined : sql`${lastError} ->> 'class' = ${errorClass}`,
    filter.fingerprint === undefined
      ? undefined
      : sql`platform.error_fingerprint(${lastError}) = ${filter.fingerprint}`,
    since && gte(jobRuns.finishedAt, since),
    until && lt(jobRuns.finishedAt, until),
    which === "all" ? undefined : isOpen,
  );
}
