import { isScheduled, type Job } from "#jobs/job.ts";
import { schedule, ScheduleError } from "#schedule/index.ts";
import type { Environment } from "#settings/environment.ts";
import { jobSettingNames } from "#settings/job-settings.ts";
import { suggestion } from "#text/suggestion.ts";
import { UsageError } from "../command-errors.ts";
import { utcIso } from "../time-format.ts";
import type { Span } from "./simulation-plan.ts";

/** A schedule that replaces the one of the job's file. */
export interface ScheduleChange {
  readonly jobId: string;
  readonly expression: string;
  readonly zone: string;
}

/** Reads an instant; a date means its start in UTC. */
export function readInstant(text: string): Date {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const instant = new Date(isDate ? `${text}T00:00:00Z` : text);
  const day = Number(text.slice(8, 10));
  // `Date` turns 30 February into 2 March.
  const isDay = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, day)).getUTCDate() === day;
  if ((isDate || isInstant) && isDay && !Number.isNaN(instant.getTime())) return instant;
  throw new Error("a date, or an instant such as 2026-10-24T14:30:00Z");
}

/** Reads `from/to`. */
export function readSpan(text: string): readonly Span[] {
  const [from, to, ...rest] = text.split("/");
  if (!from || !to || rest.length) throw new Error("two instants with a slash between them");
  const span = { from: readInstant(from), to: readInstant(to) };
  if (span.from >= span.to) throw new Error("an end after its start");
  return [span];
}

/** Reads `job=expression@zone`. */
export function readScheduleChange(text: string): readonly ScheduleChange[] {
  const [, jobId, expression, zone] = /^([a-z0-9_]+)=([^@]+)@(.+)$/.exec(text) ?? [];
  if (!jobId || !expression || !zone)
    throw new Error('<job>=<expression>@<zone>, such as "my_job=0 30 2 * * *@Europe/Berlin"');
  try {
    schedule(expression, zone, { expression: "the expression", zone: "the zone" });
  } catch (error) {
    if (error instanceof ScheduleError) throw new Error(`a schedule (${error.faults.join("; ")})`, { cause: error });
    throw error;
  }
  return [{ jobId, expression, zone }];
}

/** Combines the values of a repeated option. */
export function concatenate<T>(before: readonly T[], next: readonly T[]): readonly T[] {
  return [...before, ...next];
}

/**
 * The selected scheduled jobs; all of them without a selection.
 * @throws UsageError for an id of no scheduled job
 */
export function selectJobs(jobs: readonly Job[], ids: readonly string[] | undefined): readonly Job[] {
  const scheduled = jobs.filter(isScheduled);
  for (const id of ids ?? []) {
    if (scheduled.some((job) => job.id === id)) continue;
    const isManual = jobs.some((job) => job.id === id);
    const meant = suggestion(
      id,
      scheduled.map((job) => job.id),
    );
    throw new UsageError(
      `time-machine: ${isManual ? `${id} has no schedule` : `there is no job ${JSON.stringify(id)}`}${meant && !isManual ? `; did you mean ${meant}?` : "."}`,
    );
  }
  return scheduled.filter(({ id }) => ids?.includes(id) ?? true);
}

/** The settings of the simulated app: only those of the jobs, from the environment, overridden by `--schedule`. */
export function settingsOf(jobs: readonly Job[], env: Environment, changes: readonly ScheduleChange[]): Environment {
  const names = jobs.flatMap(({ id }) => Object.values(jobSettingNames(id)));
  const given = Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const changed = changes.flatMap(({ jobId, expression, zone }) => {
    const setting = jobSettingNames(jobId);
    return [
      [setting.schedule, expression],
      [setting.timeZone, zone],
    ];
  });
  return { ...given, ...(Object.fromEntries(changed) as Environment) };
}

/**
 * The outages, sorted.
 * @throws UsageError when they overlap, or when one is not within the span
 */
export function sortedOutages({ from, to }: Span, outages: readonly Span[]): readonly Span[] {
  const sorted = outages.toSorted((a, b) => Number(a.from) - Number(b.from));
  for (const [index, outage] of sorted.entries()) {
    if (outage.from <= from || outage.to > to) {
      throw new UsageError(`time-machine: --down: expected an outage after ${utcIso(from)} and up to ${utcIso(to)}.`);
    }
    const before = sorted[index - 1];
    if (before && outage.from < before.to) {
      throw new UsageError(`time-machine: --down: two outages overlap at ${utcIso(outage.from)}.`);
    }
  }
  return sorted;
}
