import { resolveUnseenIncidents } from "#data/personal-ops/incidents.ts";
import { defineJob, type Gate, type JobContext, noRetries, schedule, writes, z } from "#jobs";
import { alertingFailures } from "#services/personal-ops/alert-failing-job.ts";
import { SETTINGS_OF_SOURCE } from "#services/personal-ops/configured-sources.ts";
import { scanPatterns } from "#services/personal-ops/scan-patterns.ts";
import { type ScannedSources, scanSources } from "#services/personal-ops/scan-sources.ts";
import { personalOps } from "../families.ts";

const HOUR_MS = 3_600_000;

/** Chat messages come by a route and need no setting, so they alone are no reason to scan. */
const aSource: Gate = {
  name: "a source configured",
  refusal({ settings }) {
    const sources = Object.values(SETTINGS_OF_SOURCE);
    if (sources.some((names) => names.every((name) => settings[name] !== undefined))) return null;
    const needed = sources.map((names) => names.join(" and ")).join(", or ");
    return { code: "not-configured", reason: `no source is configured: set ${needed}` };
  },
};

/**
 * Synchronises all sources, looks for patterns, proposes what to do about them, and resolves the incidents whose cause
 * was not seen for an hour. Running twice is safe, also side by side: a source is synchronised by one run at a time, a
 * pattern has one row and one proposal.
 */
export const periodicScan = defineJob({
  id: "periodic_scan",
  family: personalOps,
  summary: "Synchronise all sources, propose what to do about patterns, resolve incidents that are over",
  // 48 slots a day of UTC; missed ones are not made up for, so there are never more.
  on: schedule("0 */30 * * * *", "UTC"),
  input: z.strictObject({}),
  // The next slot continues.
  retry: noRetries,
  timeout: "25m",
  gates: [writes, aSource],
  missed: "skip",

  run: (context) => alertingFailures(context, () => scan(context)),
});

async function scan(context: JobContext<unknown>) {
  const { clock, run, transaction } = context;
  const sources = await scanSources(context);
  const found = await scanPatterns(context);
  const now = clock.now();
  const unseen = { before: new Date(now.getTime() - HOUR_MS), by: run.jobId, now };
  const resolved = await transaction((tx) => resolveUnseenIncidents(tx, unseen));
  const { states, failed } = sources;
  if (isNoneReached(states)) {
    const reasons = failed.map(({ key, error }) => `${key}: ${error.message}`).join("; ");
    throw new Error(`no source could be synchronised: ${reasons}`);
  }
  context.recordFailures(failed);
  return { sources: states, ...found, resolved };
}

/** Whether every configured source failed. Chat messages are in the database: reading them reaches no source. */
function isNoneReached({ chat: _, ...states }: ScannedSources["states"]): boolean {
  const configured = Object.values(states).filter((state) => state !== "not configured");
  return configured.length > 0 && configured.every((state) => state === "failed");
}
