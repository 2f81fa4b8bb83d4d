import { asError, defineJob, type JobContext, noRetries, schedule, z } from "#jobs";
import { reportIncident } from "#services/personal-ops/report-incident.ts";
import { watchers } from "#services/personal-ops/watchers.ts";
import { personalOps } from "../families.ts";

/**
 * Watches failures, rate limits, call volumes and the database, each watcher alone: one that fails does not stop the
 * others. Running twice is safe: a cause that is seen again counts on its incident.
 */
export const runWatchers = defineJob({
  id: "run_watchers",
  family: personalOps,
  summary: "Report failures, used rate limits, unusual call volumes and a slow database as incidents",
  on: schedule("0 */5 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: noRetries,
  timeout: "4m",
  missed: "skip",

  async run(context) {
    const names = Object.keys(watchers);
    const outcomes = await Promise.allSettled(names.map((name) => watch(context, name)));
    const failed = outcomes.flatMap((outcome, i) =>
      outcome.status === "rejected" ? [{ key: names[i]!, error: asError(outcome.reason) }] : [],
    );
    context.signal.throwIfAborted();
    if (failed.length === names.length) {
      throw new AggregateError(
        failed.map(({ error }) => error),
        `all watchers failed: ${failed[0]!.error.message}`,
      );
    }
    context.recordFailures(failed);
    const seen = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    return {
      watched: seen.length,
      failed: failed.length,
      findings: sum(seen.map(({ findings }) => findings)),
      incidents: sum(seen.map(({ incidents }) => incidents)),
      ...Object.fromEntries(seen.flatMap(({ figures }) => Object.entries(figures))),
    };
  },
});

interface Seen {
  readonly findings: number;
  /** Those of them that began. */
  readonly incidents: number;
  readonly figures: Readonly<Record<string, unknown>>;
}

async function watch(context: JobContext<unknown>, name: string): Promise<Seen> {
  const { findings, figures = {} } = await watchers[name]!(context);
  let incidents = 0;
  for (const finding of findings) {
    if (await context.transaction((tx) => reportIncident(context, tx, finding))) incidents++;
  }
  return { findings: findings.length, incidents, figures };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
