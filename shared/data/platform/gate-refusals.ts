import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";

/** A reason not to run, for machines and for a person. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** What the gates are asked about a job. */
export interface Gated {
  readonly jobId: string;
  readonly family: string;
  /** `jobs` (all but the layer's own), `write`, `comms`, `quiet`. */
  readonly needs: readonly string[];
}

/** Whether a gate stops the job at this moment, and why. */
export async function gateRefusal(db: Executor, { jobId, family, needs }: Gated, now: Date): Promise<Refusal | null> {
  const [row] = await db.execute<{ code: string; reason: string }>(sql`
    select code, reason
      from platform.gate_refusal(${jobId}, ${family}, ${plainArray(needs)}, ${now.toISOString()}::timestamptz)`);
  return row ?? null;
}
