import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { countDiscardedRuns } from "#data/platform/discarded-runs.ts";
import { findRuns } from "#data/platform/job-runs.ts";
import { familyScope, jobScope } from "#data/platform/scope.ts";
import type { App } from "#http/app-services.ts";
import { defineRoute } from "#http/route.ts";
import type { RepeatedPage } from "#operations/repeat-runs.ts";
import { retryRuns as retry, type RetrySelection, withoutStoring } from "#operations/retry-runs.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { cursorText, nextAfter } from "./repeat-cursor.ts";
import { repeatsSchema, repeatsView } from "./repeats-view.ts";
import { type RetryBody, retryBody, retrySelection } from "./retry-selection.ts";
import { runSummary, runSummarySchema } from "./run-view.ts";

/** Runs that a dry run shows. */
const SAMPLE = 10;

const counts = z.record(z.string(), z.int());
const done = repeatsSchema.extend({
  retried: z.int(),
  notRetried: counts.describe("Number of runs by code"),
  nextAfter,
});
const dryRunOf = done.omit({ runs: true }).extend({
  count: z.int().describe("Runs that match, on all pages"),
  jobs: counts.describe("The same by job"),
  retried: z.int().describe("How many runs of this page would be retried"),
  sample: z.array(runSummarySchema).describe("The first of them"),
});

export const retryRuns = defineRoute({
  method: "POST",
  path: "api/admin/runs/retry",
  access: "operator",
  idempotent: true,
  summary:
    "Retry skipped, cancelled or dead runs, each as a new run with the same input: the listed ones, or those of a " +
    "filter in pages; dryRun checks and counts them, and stores nothing",
  body: retryBody,
  response: z.union([dryRunOf.describe("With dryRun"), done]),
  async handle({ app, body, header, caller }) {
    const selection = retrySelection(body, app.clock.now());
    const by = { requestedBy: caller, idempotencyKey: header("idempotency-key") };
    if (body.dryRun) {
      return { json: await app.db.transaction((tx) => dryRun(app, tx, selection, by)) };
    }
    const { runs: ids, filter, limit, after, reason } = body;
    const payload = { retry: { ids, filter, limit, after } };
    const { response, started } = await respondOnce(app, { header, payload }, async (tx) => {
      const repeats = await retry(app, tx, selection, by);
      if (repeats.runs.length) {
        await recordAudit(tx, {
          at: app.clock.now(),
          who: caller,
          action: "runs retried",
          subject: subjectOf(body),
          reason: reason!,
          after: { retried: repeats.runs.length, filter: filter ?? null, runs: ids ?? null },
        });
      }
      return { ...repeats, response: answer(repeats) };
    });
    if (started) await app.enqueuer.dispatch(started.runs);
    return { status: started?.runs.length ? 202 : 200, json: response };
  },
});

type By = Parameters<typeof retry>[3];

async function dryRun(app: App, tx: Tx, selection: RetrySelection, by: By): Promise<z.input<typeof dryRunOf>> {
  const repeats = await retry(withoutStoring(app), tx, selection, by);
  const jobs =
    "filter" in selection
      ? await countDiscardedRuns(tx, selection.filter)
      : Object.fromEntries([...Map.groupBy(repeats.runs, ({ jobId }) => jobId)].map(([id, runs]) => [id, runs.length]));
  const { runs: _notStored, ...checked } = answer(repeats);
  const first = repeats.runs.slice(0, SAMPLE).map(({ parentRunId }) => parentRunId);
  return {
    count: Object.values(jobs).reduce((sum, runs) => sum + runs, 0),
    jobs,
    ...checked,
    sample: (await findRuns(tx, first)).map(runSummary) as z.input<typeof dryRunOf>["sample"],
  };
}

function answer(repeats: RepeatedPage): z.input<typeof done> {
  const byCode = Map.groupBy(repeats.refused, ({ code }) => code);
  return {
    retried: repeats.runs.length,
    notRetried: Object.fromEntries([...byCode].map(([code, { length }]) => [code, length])),
    ...repeatsView(repeats),
    nextAfter: cursorText(repeats.next),
  };
}

function subjectOf({ filter, runs }: RetryBody): string {
  if (runs?.length === 1) return `run:${runs[0]}`;
  if (filter?.job !== undefined) return jobScope(filter.job);
  return filter?.family === undefined ? "runs" : familyScope(filter.family);
}
