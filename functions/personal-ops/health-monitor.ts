import { readHealthFacts } from "#data/personal-ops/health-facts.ts";
import { listControls } from "#data/platform/controls.ts";
import { familyScope } from "#data/platform/scope.ts";
import { asError, defineJob, type JobContext, noRetries, schedule, z } from "#jobs";
import { warnBackOffice } from "#notifications/warn-back-office.ts";
import { type HealthFacts, healthFindings } from "#rules/personal-ops/health-findings.ts";
import { alertPerson } from "#services/personal-ops/alert-person.ts";
import { freeDiskMb } from "#storage/free-disk.ts";
import { personalOps } from "../families.ts";

/**
 * Checks the database, the providers, the disk, the queue and the last hour, and alerts the person of what is wrong, at
 * most once an hour for each type. When the check itself fails, or its slot waits for the database, it warns the back
 * office at once. Running twice is safe: it reads, and alerts have dedupe keys.
 */
export const healthMonitor = defineJob({
  id: "health_monitor",
  family: personalOps,
  summary: "Check the database, providers, disk and queue, and alert the person",
  on: schedule("0 */5 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: noRetries,
  timeout: "1m",
  missed: "skip",
  // A killed run of this job must not block the next one.
  concurrency: () => null,
  // What stands still is seen: the job runs while jobs are switched off, though not under the kill switch.
  upkeep: true,

  onUnavailable: ({ settings, log, clock, error }) =>
    warnBackOffice({ settings, log }, checkFailed(clock.now(), error)),

  async run(context) {
    const { settings, log, clock } = context;
    try {
      return await check(context);
    } catch (thrown) {
      if (!context.signal.aborted) await warnBackOffice({ settings, log }, checkFailed(clock.now(), asError(thrown)));
      throw thrown;
    }
  },
});

async function check(context: JobContext<unknown>): Promise<Record<string, unknown>> {
  const { db, settings, clock } = context;
  const start = performance.now();
  const controls = await listControls(db);
  const databaseMs = Math.round(performance.now() - start);
  const facts: HealthFacts = {
    databaseMs,
    freeDiskMb: Math.floor(await freeDiskMb(settings.TEMP_DIRECTORY)),
    ...(await readHealthFacts(db, { now: clock.now(), longestRunMs: settings.PERSONAL_OPS_LONGEST_RUN })),
  };
  const findings = healthFindings(facts, {
    freeDiskMb: settings.PERSONAL_OPS_FREE_DISK_MB,
    queueDepth: settings.PERSONAL_OPS_QUEUE_DEPTH,
    waitMs: settings.PERSONAL_OPS_LONGEST_WAIT,
    failureRate: settings.PERSONAL_OPS_FAILURE_RATE,
  });
  return context.finish(async (tx) => {
    for (const alike of Map.groupBy(findings, ({ type }) => type).values()) {
      await alertPerson(
        context,
        tx,
        alike.map((finding) => ({ ...finding, severity: "WARN" as const })),
      );
    }
    const own = controls.get(familyScope(personalOps.id)) ?? null;
    return {
      healthy: findings.length === 0,
      findings: findings.map(({ title }) => title),
      ...facts,
      jobsEnabled: [controls.get("all"), own].every((row) => row?.jobsEnabled ?? true),
    };
  });
}

function checkFailed(now: Date, error: Error) {
  return { type: "personal_ops.health_alert", title: "The health check failed", body: error.message, now };
}
