import postgres from "postgres";
import type { RunState } from "#data/platform/platform-schema.ts";
import type { SlotRow } from "./slot-counts.ts";

/** The slots of one job in the ledger, with the error message of the first failed run. */
export async function slotRowsOf(url: string, jobId: string): Promise<{ rows: SlotRow[]; firstError: string | null }> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql<{ slot: Date; state: RunState; startedAt: Date | null; reasonCode: string | null }[]>`
      select scheduled_for as slot, state, started_at as "startedAt", reason_code as "reasonCode"
        from platform.job_runs where job_id = ${jobId} and scheduled_for is not null order by scheduled_for`;
    const [failed] = await sql<{ message: string | null }[]>`
      select errors -> -1 ->> 'message' as message
        from platform.job_runs where job_id = ${jobId} and state in ('dead', 'retrying') order by id limit 1`;
    return { rows: [...rows], firstError: failed?.message ?? null };
  } finally {
    await sql.end({ timeout: 5 });
  }
}
