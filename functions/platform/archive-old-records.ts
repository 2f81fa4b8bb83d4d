import { deleteOldRows } from "#data/old-rows.ts";
import { oldAuditEntries, oldBackfills, oldDeadMessages, oldEffects } from "#data/platform/platform-retention.ts";
import { deleteUnusedEmbeddings } from "#data/vectors/cached-embeddings.ts";
import { daysBefore, defineJob, schedule, writes, z } from "#jobs";
import { archiveOldRows } from "#services/platform/archive-old-rows.ts";
import { platform } from "../families.ts";

/**
 * Moves old audit entries, dead messages and ended backfills to the archive, and deletes the outcomes of old effects
 * and embeddings that no text uses.
 * Running twice is safe: a row leaves the database only after its file was read back whole, and the next run continues
 * with the rest.
 */
export const archiveOldRecords = defineJob({
  id: "archive_old_records",
  family: platform,
  summary: "Archive old audit entries, dead messages and backfills; delete old effects and embeddings",
  // After prune_run_ledger: backfills and effects stay as long as their runs.
  on: schedule("0 45 1 * * *", "UTC"),
  input: z.strictObject({}),
  gates: [writes],
  timeout: "2h",

  async run(context) {
    const { settings, asOf, batches } = context;
    const before = (days: number) => daysBefore(asOf, days);
    const effects = oldEffects(before(settings.EFFECT_RETENTION_DAYS));
    const { deleted = 0 } = await batches(5_000, async (tx, limit) => ({
      deleted: await deleteOldRows(tx, effects, limit),
    }));
    const { embeddings = 0 } = await batches(5_000, async (tx, limit) => ({
      embeddings: await deleteUnusedEmbeddings(tx, before(settings.EMBEDDINGS_CACHE_DAYS), limit),
    }));

    const audit = oldAuditEntries(before(settings.AUDIT_RETENTION_DAYS));
    const messages = oldDeadMessages(before(settings.RUN_RETENTION_DAYS));
    const backfills = oldBackfills(before(settings.RUN_RETENTION_DAYS));
    return {
      effects: deleted,
      embeddings,
      auditEntries: await archiveOldRows(context, audit, { container: "audit-archive", kind: "audit" }),
      deadMessages: await archiveOldRows(context, messages, { container: "run-archive", kind: "dead-messages" }),
      backfills: await archiveOldRows(context, backfills, { container: "run-archive", kind: "backfills" }),
    };
  },
});
