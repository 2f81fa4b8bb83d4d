import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { jobRuns } from "./platform-schema.ts";
import { firstIdAt } from "./run-id.ts";

/** The runs of one job that were enqueued within one time bucket. */
export interface RunBucket {
  readonly jobId: string;
  readonly family: string;
  /** 0 is the bucket that starts at `from`. */
  readonly bucket: number;
  readonly runs: number;
  readonly succeeded: number;
  readonly dead: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly itemFailures: number;
  /** Of succeeded runs. */
  readonly p95Ms: number | null;
}

/** Counts runs by job and time bucket of `queued_at`. Empty buckets are left out. */
export async function countRunsByTime(
  db: Executor,
  { from, bucketMs, count }: { from: Date; bucketMs: number; count: number },
): Promise<RunBucket[]> {
  const rows = await db.execute(sql`
    select *
      from (
        select job_id as "jobId", family,
               floor((extract(epoch from queued_at) * 1000 - ${from.getTime()}::float8) / ${bucketMs}::float8)::integer as bucket,
               count(*)::integer as runs,
               count(*) filter (where state = 'succeeded')::integer as succeeded,
               count(*) filter (where state = 'dead')::integer as dead,
               count(*) filter (where state = 'skipped')::integer as skipped,
               count(*) filter (where state = 'cancelled')::integer as cancelled,
               sum(item_failure_count)::integer as "itemFailures",
               (percentile_disc(0.95) within group (order by duration_ms) filter (where state = 'succeeded'))::float8 as "p95Ms"
          from ${jobRuns} where id >= ${firstIdAt(from)}::uuid and queued_at >= ${from.toISOString()}::timestamptz
         group by 1, 2, 3
      ) as counted
     where bucket < ${count}::integer`);
  return [...rows] as unknown as RunBucket[];
}
