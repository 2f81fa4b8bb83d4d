import { z } from "zod";
import type { App } from "#app";
import { pause, resume } from "#data/platform/pauses.ts";
import { badRequest } from "#http/problem.ts";
import type { Reply } from "#http/route.ts";
import { pauseEnd } from "#operations/pause-end.ts";
import { wakeWaitingRuns } from "#operations/dispatch-waiting-runs.ts";
import { familiesOf, pauseSchema } from "./controls-view.ts";
import { findJob } from "./find-job.ts";
import { auditReason } from "../audit-reason.ts";

/** Why, and until when: an instant or a duration; without it, until somebody resumes it. */
export const pauseBody = z.strictObject({ reason: auditReason, until: z.string().optional() });
export const resumeBody = z.strictObject({ reason: auditReason.optional() });

export const pausedSchema = pauseSchema.extend({ paused: z.literal(true) });
export const resumedSchema = z.object({
  scope: z.string(),
  paused: z.literal(false),
  wasPaused: z.boolean(),
  sent: z.int().describe("Runs that waited for it and start now"),
});

export async function pauseScope(
  app: App,
  scope: string,
  { reason, until, who }: { reason: string; until?: string | undefined; who: string },
): Promise<Reply> {
  const now = app.clock.now();
  const entry = {
    scope,
    reason,
    pausedBy: who,
    pausedAt: now,
    until: until === undefined ? null : pauseEnd(until, now),
  };
  await app.db.transaction((tx) => pause(tx, entry));
  app.log.warn("Paused", { scope, by: who, reason, until: entry.until });
  return { json: { ...entry, paused: true } };
}

/** Lets a scope go on; what waited for it starts now. */
export async function resumeScope(
  app: App,
  scope: string,
  { reason, who }: { reason?: string | undefined; who: string },
): Promise<Reply> {
  const now = app.clock.now();
  const before = await app.db.transaction((tx) => resume(tx, { scope, who, reason: reason ?? null, now }));
  const sent = before ? await wakeWaitingRuns(app, scope) : 0;
  if (before) app.log.warn("Resumed", { scope, by: who, reason, sent });
  return { json: { scope, paused: false, wasPaused: before !== null, sent } };
}

/** @throws Problem 400 or 404 when there is no such job or family */
export async function knownScope(app: App, scope: string): Promise<string> {
  const [kind, id = ""] = scope.split(":");
  if (scope === "all") return scope;
  if (kind === "job") return `job:${(await findJob(app, id)).id}`;
  const families = await familiesOf(app);
  if (kind === "family" && families.includes(id)) return scope;
  const known = ["all", ...families.map((family) => `family:${family}`)].join(", ");
  throw badRequest([{ field: "scope", reason: `expected ${known} or job:<id>, got ${JSON.stringify(scope)}` }]);
}
