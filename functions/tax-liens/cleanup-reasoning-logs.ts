import { deleteOldRows, type OldRows } from "#data/old-rows.ts";
import { oldEpisodes, oldLlmCalls } from "#data/tax-liens/reasoning-retention.ts";
import { daysBefore, defineJob, effectiveSettings, schedule, writes, z } from "#jobs";
import { archiveOldRows } from "#services/platform/archive-old-rows.ts";
import { taxLiens } from "../families.ts";

/**
 * Deletes old calls of language models and old episodes of agents, after it has moved them to the archive unless
 * LOG_ARCHIVE is false. Running twice is safe: a row is deleted only after its file was read back whole, and the next
 * run continues with the rest.
 */
export const cleanupReasoningLogs = defineJob({
  id: "cleanup_reasoning_logs",
  family: taxLiens,
  summary: "Archive and delete old episodes of agents and calls of language models",
  on: schedule("0 0 1 * * *", "America/Phoenix"),
  input: z.strictObject({}),
  changeableSettings: ["log_retention_days"],
  gates: [writes],
  timeout: "2h",

  async run(context) {
    const { db, settings, asOf, batches } = context;
    const { LOG_RETENTION_DAYS: days } = await effectiveSettings(db, settings);
    const before = daysBefore(asOf, days);
    const remove = async (old: OldRows, kind: string) => {
      if (settings.LOG_ARCHIVE) return archiveOldRows(context, old, { container: "reasoning-archive", kind });
      return batches(5_000, async (tx, limit) => ({ deleted: await deleteOldRows(tx, old, limit) }));
    };
    return {
      calls: await remove(oldLlmCalls(before), "llm-calls"),
      episodes: await remove(oldEpisodes(before), "episodes"),
    };
  },
});
