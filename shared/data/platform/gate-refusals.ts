import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";

/** Why a run is refused: a code for machines, a sentence for people. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** The facts of a job that gates decide on. */
export interface Gated {
  readonly jobId: string;
  readonly family: string;
  /** The gates of the job: `jobs` (every job except upkeep), `write`, `comms`, `quiet`. */
  readonly needs: readonly string[];
}

/** The first gate that refuses the job now; null when it may run. */
export async function gateRefusal(db: Executor, { jobId, family, needs }: Gated, now: Date): Promise<Refusal | null> {
  const [row] = await db.execute<{ code: string; reason: string }>(sql`
    select code, reason
      from platform.gate_refusal(${jobId}, ${family}, ${plainArray(needs)}, ${now.toISOString()}::timestamptz)`);
  return row ?? null;
}
