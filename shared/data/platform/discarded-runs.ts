import { and, eq, gte, lt, not, type SQL, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { DISMISSED } from "./dead-letters.ts";
import { jobRuns } from "./platform-schema.ts";
import { countByJob, hasRepeat, idsOfPage, type RepeatPage } from "./run-repeats.ts";

/** The states of runs that ended without success. */
export const DISCARDED_STATES = ["skipped", "cancelled", "dead"] as const;

export interface DiscardedRunFilter {
  readonly state: (typeof DISCARDED_STATES)[number];
  readonly jobId?: string | undefined;
  readonly family?: string | undefined;
  readonly reasonCode?: string | undefined;
  /** When they ended. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** The ids of a page of discarded runs without a repeat, oldest first. Dismissed ones are left out. */
export function discardedRunIds(tx: Executor, filter: DiscardedRunFilter, page: RepeatPage): Promise<string[]> {
  return idsOfPage(tx, matches(filter), page);
}

/** The number of these runs by job. */
export function countDiscardedRuns(tx: Executor, filter: DiscardedRunFilter): Promise<Record<string, number>> {
  return countByJob(tx, matches(filter));
}

function matches({ state, jobId, family, reasonCode, since, until }: DiscardedRunFilter): SQL | undefined {
  return and(
    // As text: an index of one state serves a statement that has this state, and not one with a parameter.
    sql`${jobRuns.state} = ${sql.raw(`'${DISCARDED_STATES.find((known) => known === state)}'`)}`,
    jobId === undefined ? undefined : eq(jobRuns.jobId, jobId),
    family === undefined ? undefined : eq(jobRuns.family, family),
    reasonCode === undefined ? undefined : eq(jobRuns.reasonCode, reasonCode),
    since && gte(jobRuns.finishedAt, since),
    until && lt(jobRuns.finishedAt, until),
    state === "dead" ? sql`${jobRuns.reasonCode} is distinct from ${DISMISSED}` : undefined,
    not(hasRepeat),
  );
}
