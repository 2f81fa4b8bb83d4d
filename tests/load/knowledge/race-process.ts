/**
 * An app process that scans and reviews proposals beside others until none is left, which the test kills. Arguments:
 * the database, how many proposals there will be, a seed.
 */
import { sql } from "drizzle-orm";
import { openApp } from "#app";
import { autoReviewProposals } from "#functions/knowledge/auto-review-proposals.ts";
import { deduplicationScan } from "#functions/knowledge/deduplication-scan.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import type { Job } from "#jobs/job.ts";
import { readConfig } from "#settings/config.ts";
import { seededRandom } from "../environment/seeded-random.ts";

const [databaseUrl, total, seed] = process.argv.slice(2) as [string, string, string];
const random = seededRandom(Number(seed));
// The layer would let one run of a job wait for another: here they run against each other.
const beside = (job: Job): Job => ({ ...job, concurrencyKey: () => null });
const [scan, review] = [beside(deduplicationScan), beside(autoReviewProposals)];
const config = readConfig(
  {
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_MAX: "4",
    KNOWLEDGE_DEDUP_BATCH_SIZE: "40",
    KNOWLEDGE_AUTO_APPROVAL_BATCH_SIZE: "30",
  },
  [scan, review],
);
const app = openApp(config, catalogueOf([scan, review]), { sink: () => undefined, dispatch: async () => undefined });

/** Whether every proposal is there and decided, flagged, or compared and not certain. */
async function isDone(): Promise<boolean> {
  const [left] = await app.db.execute<{ all: number; open: number }>(sql`
    select count(*)::integer as all,
           count(*) filter (where status = 'pending' and not is_flagged
                              and (confidence >= 0.95 or compared_version is null))::integer as open
      from (select status, similar_topic_id is not null as is_flagged, confidence, compared_version
              from knowledge.topic_proposals
            union all
            select status, similar_atom_id is not null, confidence, compared_version
              from knowledge.atom_proposals) as proposal`);
  return left!.all === Number(total) && left!.open === 0;
}

process.stdout.write("ready\n");
while (!(await isDone())) {
  const job = random() < 0.5 ? scan : review;
  const { id } = await app.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a campaign" });
  await app.runner.execute(id);
}
await app.close(0);
