import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { countDeadRuns } from "#data/platform/dead-letters.ts";
import { jobScope } from "#data/platform/scope.ts";
import { badRequest, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import type { NotRepeated } from "#operations/repeat-refusal.ts";
import { replayDeadRuns } from "#operations/replay-dead-runs.ts";
import { auditReason } from "../audit-reason.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { deadRunFields, deadRunFilter } from "./dead-run-filter.ts";
import { inInput } from "./field-schemas.ts";
import { cursorText, nextAfter, repeatCursor } from "./repeat-cursor.ts";
import { MAX_LISTED, refusedView, repeatsSchema, repeatsView } from "./repeats-view.ts";

/** Most runs of a filter that one request, which is one transaction, looks at. */
const PAGE = 10_000;

export const replayDeadLetters = defineRoute({
  method: "POST",
  path: "api/admin/dead-letters/replay",
  access: "operator",
  idempotent: true,
  summary:
    "Replay dead runs, each as a new run: the listed ones, or the open ones of a filter; with input, a corrected one " +
    "replaces theirs; dryRun only counts",
  body: z.strictObject({
    runs: z.array(z.uuid()).min(1).max(MAX_LISTED).optional(),
    filter: z.strictObject(deadRunFields).optional(),
    input: z.record(z.string(), z.unknown()).optional().describe("Replaces their inputs; all must be runs of one job"),
    after: repeatCursor.optional(),
    dryRun: z.boolean().default(false),
    reason: auditReason.optional(),
  }),
  response: z.union([
    z
      .object({ count: z.int(), jobs: z.record(z.string(), z.int()).describe("Number of runs by job") })
      .describe("With dryRun"),
    repeatsSchema.extend({
      replayed: z.int(),
      more: z
        .boolean()
        .describe(
          `More runs match than the ${PAGE} of one request. The input of each is checked again; where it names a stored record, that is one statement a run`,
        ),
      nextAfter,
    }),
  ]),
  async handle({ app, body, header, caller }) {
    const { runs: ids, filter, input, after, dryRun, reason = null } = body;
    if ((ids === undefined) === (filter === undefined)) {
      throw badRequest([{ field: "body", reason: "expected either runs or filter" }]);
    }
    if (filter && Object.keys(filter).length === 0) {
      throw badRequest([
        { field: "filter", reason: "expected at least one of job, family, errorClass, fingerprint, since, until" },
      ]);
    }
    if (ids && after) {
      throw badRequest([{ field: "after", reason: "expected a filter: listed runs have one page" }]);
    }
    const chosen = ids ? { ids, which: "all" as const } : deadRunFilter(filter ?? {}, "open");
    if (dryRun) {
      const jobs = await countDeadRuns(app.db, chosen);
      if (input !== undefined) checkOneJob(jobs);
      return { json: { count: Object.values(jobs).reduce((sum, runs) => sum + runs, 0), jobs } };
    }

    const payload = { replay: { ids, filter, input, after } };
    const { response, started } = await respondOnce(app, { header, payload }, async (tx) => {
      const now = app.clock.now();
      if (input !== undefined) checkOneJob(await countDeadRuns(tx, chosen));
      const done = await replayDeadRuns(app, tx, chosen, {
        trigger: "replay",
        requestedBy: caller,
        input,
        idempotencyKey: header("idempotency-key"),
        page: { ...(after ?? { after: null, begunAt: now }), limit: PAGE },
      });
      const { runs, refused, next } = done;
      // Pages of one filter are not refused: the next one may have runs to replay.
      if (runs.length === 0 && refused.length > 0 && !next && !after) {
        const [{ reason: detail, issues }] = refused as [NotRepeated];
        // The request's own input is wrong, not the state of the runs.
        if (input !== undefined && issues) throw badRequest(inInput(issues));
        throw new Problem(409, "nothing-replayed", detail, { extra: { refused: refusedView(refused) } });
      }
      if (runs.length) {
        const replayed = { replayed: runs.length, filter: filter ?? null, runs: ids ?? null, input: input ?? null };
        await recordAudit(tx, {
          at: now,
          who: caller,
          action: "dead letters replayed",
          subject: subjectOf(body),
          reason,
          after: replayed,
        });
      }
      return {
        ...done,
        response: {
          replayed: runs.length,
          ...repeatsView(done),
          more: next !== null,
          nextAfter: cursorText(next),
        },
      };
    });
    if (started) await app.enqueuer.dispatch(started.runs);
    return { status: started ? 202 : 200, json: response };
  },
});

/** @throws Problem 400 when a corrected input is for runs of several jobs */
function checkOneJob(jobs: Readonly<Record<string, number>>): void {
  const ids = Object.keys(jobs);
  if (ids.length <= 1) return;
  throw badRequest([{ field: "input", reason: `expected runs of one job for another input, got ${ids.join(", ")}` }]);
}

function subjectOf({
  filter,
  runs,
}: {
  filter?: { job?: string | undefined } | undefined;
  runs?: readonly string[] | undefined;
}): string {
  if (runs?.length === 1) return `run:${runs[0]}`;
  return filter?.job === undefined ? "dead-letters" : jobScope(filter.job);
}
