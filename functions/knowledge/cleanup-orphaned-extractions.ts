import { recordKnowledgeAudit } from "#data/knowledge/audit-trail.ts";
import { deleteOrphanedExtractions } from "#data/knowledge/orphaned-extractions.ts";
import { daysBefore, defineJob, linear, schedule, writes, z } from "#jobs";
import { knowledge } from "../families.ts";

const AGE_DAYS = 7;
/** Extractions of one transaction, each with up to 1,000 messages. */
const BATCH = 50;

/**
 * Deletes old extractions that proposed nothing, with the messages that no other extraction has. Running twice is safe:
 * deleted rows stay deleted, and each deletion commits with its audit entry.
 */
export const cleanupOrphanedExtractions = defineJob({
  id: "cleanup_orphaned_extractions",
  family: knowledge,
  summary: "Delete old extractions that proposed nothing, with their messages",
  on: schedule("0 0 3 * * 0", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 1, delay: "10s" }),
  gates: [writes],
  timeout: "1h",

  async run({ asOf, run, clock, batches }) {
    const before = daysBefore(asOf, AGE_DAYS);
    const { runs_deleted = 0 } = await batches(BATCH, async (tx, limit) => {
      const deleted = await deleteOrphanedExtractions(tx, { before, limit });
      const entry = { at: clock.now(), who: run.jobId, action: "delete-extraction", runId: run.id };
      const reason = `no proposals after ${AGE_DAYS} days`;
      await recordKnowledgeAudit(
        tx,
        deleted.map(({ id, ...facts }) => ({
          ...entry,
          subjectType: "extraction_run",
          subjectId: id,
          reason,
          before: facts,
        })),
      );
      return { runs_deleted: deleted.length };
    });
    return { runs_deleted, age_threshold_days: AGE_DAYS };
  },
});
