import { archiveAgentAudit } from "#data/personal-ops/agent-audit.ts";
import { archiveIncidents } from "#data/personal-ops/incidents.ts";
import { archiveRetryJobs } from "#data/personal-ops/retry-jobs.ts";
import { daysBefore, defineJob, noRetries, schedule, writes, z } from "#jobs";
import { personalOps } from "../families.ts";

/** Rows that one transaction marks. */
const ROWS = 5_000;

/**
 * Marks old rows as archived, so that the indexes of the live ones stay short. It deletes nothing. Running twice is
 * safe: each batch commits, and the next run continues with the rest.
 */
export const cleanupOldData = defineJob({
  id: "cleanup_old_data",
  family: personalOps,
  summary: "Mark old audit entries, retry jobs and incidents as archived",
  on: schedule("0 0 2 * * *", "America/Chicago"),
  input: z.strictObject({
    auditDays: z.int().min(1).max(36_500).default(365),
    retryJobDays: z.int().min(1).max(36_500).default(30),
    incidentDays: z.int().min(1).max(36_500).default(90),
  }),
  // The next day continues.
  retry: noRetries,
  timeout: "1h",
  gates: [writes],

  async run({ input, asOf, batches }) {
    const { auditDays, retryJobDays, incidentDays } = input;
    const audit = await batches(ROWS, async (tx, limit) => ({
      auditEntries: await archiveAgentAudit(tx, daysBefore(asOf, auditDays), limit),
    }));
    const retries = await batches(ROWS, async (tx, limit) => ({
      retryJobs: await archiveRetryJobs(tx, daysBefore(asOf, retryJobDays), limit),
    }));
    const incidents = await batches(ROWS, async (tx, limit) => ({
      incidents: await archiveIncidents(tx, daysBefore(asOf, incidentDays), limit),
    }));
    return { ...audit, ...retries, ...incidents };
  },
});
