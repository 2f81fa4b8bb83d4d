import type { Progress, Run } from "#data/platform/platform-schema.ts";
import type { LeaseToken } from "#data/platform/run-leases.ts";
import { Interrupted } from "#jobs/endings.ts";
import type { ObservedRun } from "#jobs/run-observer.ts";
import { AttemptReport } from "./attempt-report.ts";

/** A run whose lease this process holds, as the heartbeat sees it. */
export interface HeldRun extends LeaseToken, Pick<ObservedRun, "jobId" | "family"> {
  /** Stops the attempt. Its reason decides the ending. */
  readonly abort: AbortController;
  /** Which controls must stay on while it runs: see `needsOf`. Default: only the kill switch stops it. */
  readonly needs?: readonly string[];
  /** The last report of the work; null before the first one. */
  readonly progress: () => Progress | null;
}

/** A claimed run, ready for its attempt. */
export interface Claimed {
  readonly run: Run;
  readonly held: HeldRun;
  readonly report: AttemptReport;
}

/** @param needs see `needsOf` */
export function hold(run: Run, { holder, needs }: Pick<LeaseToken, "holder"> & Pick<HeldRun, "needs">): Claimed {
  const report = new AttemptReport();
  const held: HeldRun = {
    id: run.id,
    jobId: run.jobId,
    family: run.family,
    attempt: run.attempt,
    holder,
    ...(needs && { needs }),
    abort: new AbortController(),
    progress: () => report.progress,
  };
  return { run, held, report };
}

/** Stops the attempt because this process stops: another process repeats it, and it does not count as one. */
export function interrupt({ abort }: HeldRun): void {
  abort.abort(new Interrupted("this process is stopping"));
}
