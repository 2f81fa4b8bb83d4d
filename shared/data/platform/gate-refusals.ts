import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { at } from "../sql-instant.ts";

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

/** Every gate that refuses each job now, the first one first: one statement. Jobs without any are left out. */
export async function allRefusals(db: Executor, jobs: readonly Gated[], now: Date): Promise<Map<string, Refusal[]>> {
  const rows = await db.execute<{ jobId: string; refusals: Refusal[] }>(sql`
    select asked."jobId", json_agg(json_build_object('code', refusal.code, 'reason', refusal.reason) order by refusal.rank, refusal.reason) as refusals
      from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as asked("jobId" text, family text, needs text[])
      cross join lateral platform.gate_refusals(asked."jobId", asked.family, asked.needs, ${at(now)}) as refusal
     group by asked."jobId"`);
  return new Map([...rows].map(({ jobId, refusals }) => [jobId, refusals]));
}
