import { z } from "zod";
import { newestSnapshot, snapshotsBetween } from "#data/knowledge/proposal-metrics.ts";
import { statsSince } from "#data/platform/job-stats.ts";
import type { App } from "#http/app-services.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { instantField } from "#rules/input-fields.ts";
import { proposalsMetricsUpdated } from "#rules/knowledge/knowledge-events.ts";
import { judgeTargets, metricsOf } from "#rules/knowledge/proposal-figures.ts";
import { daysBefore } from "#schedule/duration.ts";
import { knowledge } from "../../families.ts";

/** Most points of the history: longer ranges have fewer a day. */
const MOST_POINTS = 500;
const LONGEST_DAYS = 3_660;

export const getMetrics = defineRoute({
  method: "GET",
  path: "api/knowledge/metrics",
  access: "viewer",
  summary: "The newest metrics of the review beside their targets, and their history for charts",
  query: z.strictObject({
    from: instantField.optional().describe("Default: seven days before `to`"),
    to: instantField.optional().describe("Not included. Default: now"),
  }),
  response: z.object({
    current: proposalsMetricsUpdated.nullable().describe("Null before the first snapshot"),
    targets: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(["topic", "atom"]).nullable().describe("Null: of the whole family"),
        value: z.number().nullable(),
        comparison: z.enum(["at least", "below"]),
        target: z.number(),
        isMet: z.boolean().nullable(),
      }),
    ),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    stepSeconds: z.int().describe("The history has the last snapshot of each step"),
    history: z.array(proposalsMetricsUpdated),
  }),
  async handle({ app, query }) {
    const to = query.to ?? app.clock.now();
    const from = query.from ?? daysBefore(to, 7);
    const lengthMs = to.getTime() - from.getTime();
    if (from.getTime() < 0) {
      const field = query.from ? "from" : "to";
      throw badRequest([{ field, reason: "expected a range after 1970" }]);
    }
    if (lengthMs <= 0) throw badRequest([{ field: "from", reason: "expected an instant before `to`" }]);
    if (from < daysBefore(to, LONGEST_DAYS)) {
      throw badRequest([{ field: "from", reason: `expected at most ${LONGEST_DAYS} days before \`to\`` }]);
    }
    const stepSeconds = Math.max(1, Math.ceil(lengthMs / 1_000 / MOST_POINTS));
    const [newest, history, failures] = await Promise.all([
      newestSnapshot(app.db),
      snapshotsBetween(app.db, { from, to, stepSeconds }),
      jobFailureRate(app),
    ]);
    return {
      json: {
        current: newest ? metricsOf(newest) : null,
        targets: judgeTargets(newest ?? null, failures),
        from: from.toISOString(),
        to: to.toISOString(),
        stepSeconds,
        history: history.map(metricsOf),
      },
    };
  },
});

/** Of the family's runs of the last seven days that succeeded or are dead, the share of the dead ones. */
async function jobFailureRate(app: App): Promise<number | null> {
  const [stats, jobs] = await Promise.all([statsSince(app.db, daysBefore(app.clock.now(), 7)), app.jobs.all()]);
  const own = jobs.flatMap(({ id, family }) => (family.id === knowledge.id ? (stats.get(id) ?? []) : []));
  const dead = own.reduce((sum, job) => sum + job.dead, 0);
  const ended = own.reduce((sum, job) => sum + job.succeeded, dead);
  return ended === 0 ? null : dead / ended;
}
