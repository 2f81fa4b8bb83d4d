import { parseArgs } from "node:util";
import { openApp } from "#app";
import { autoReviewProposals } from "#functions/knowledge/auto-review-proposals.ts";
import { deduplicationScan } from "#functions/knowledge/deduplication-scan.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import type { Job } from "#jobs/job.ts";
import { contentHash, exactKey, topicTexts } from "#rules/knowledge/proposal-text.ts";
import { readConfig } from "#settings/config.ts";
import { benchDatabase } from "./support/database.ts";
import { costOf, peakMiB } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * The deduplication scan of new proposals against known topics, and the automatic review of pending proposals that a
 * scan has compared. Memory is the peak of the process so far.
 *
 *   npx node bench/knowledge-review.ts --known 10000 --proposals 100 --pending 1000
 */
const { values } = parseArgs({
  options: {
    known: { type: "string", default: "10000" },
    proposals: { type: "string", default: "100" },
    pending: { type: "string", default: "1000" },
  },
});
/** Most that one run approves. */
const BATCH = 500;

await using database = await benchDatabase();
const { sql } = database;
const jobs = [deduplicationScan, autoReviewProposals];
const config = readConfig({ DATABASE_URL: database.url, KNOWLEDGE_AUTO_APPROVAL_BATCH_SIZE: String(BATCH) }, jobs);
const app = openApp(config, catalogueOf(jobs), { sink: () => undefined, dispatch: async () => undefined });
const [extraction] = await sql<{ id: string }[]>`
  insert into knowledge.extraction_runs (id, state, requested_by, created_at, finished_at)
  values (gen_random_uuid(), 'extracted', 'a benchmark', now(), now()) returning id`;

let made = 0;
const names = (count: number) => Array.from({ length: count }, () => wordsOf(++made));
for (const some of chunks(names(Number(values.known)))) {
  await sql`insert into knowledge.topics ${sql(some.map((name) => ({ name, ...columnsOf(name) })))}`;
}
const rows = [await measured(`embed ${values.known} known topics`, deduplicationScan)];
await propose(Number(values.proposals));
rows.push(await measured(`scan ${values.proposals} proposals`, deduplicationScan));
await propose(Number(values.pending) - Number(values.proposals));
rows.push(await measured("scan the other pending proposals", deduplicationScan));
for (let left = Number(values.pending); left > 0; left -= BATCH) {
  rows.push(await measured(`review ${Math.min(BATCH, left)} proposals`, autoReviewProposals));
}
await app.close(0);
console.log(table(rows));

async function propose(count: number): Promise<void> {
  for (const some of chunks(names(count))) {
    const proposals = some.map((name) => ({
      proposed_name: name,
      extraction_run_id: extraction!.id,
      confidence: 0.97,
      ...columnsOf(name),
    }));
    await sql`insert into knowledge.topic_proposals ${sql(proposals)}`;
  }
}

async function measured(what: string, job: Job) {
  const { id } = await app.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a benchmark" });
  let result: unknown;
  const cost = await costOf(database, async () => {
    const run = await app.runner.execute(id);
    if (run?.state !== "succeeded") throw new Error(`the run ended ${run?.state}: ${JSON.stringify(run?.errors)}`);
    result = run.result;
  });
  return {
    what,
    ms: thousands(cost.ms),
    "ms of processor": thousands(cost.cpuMs),
    "ms of PostgreSQL": thousands(cost.postgresCpuMs ?? 0),
    statements: thousands(cost.statements),
    MiB: thousands(peakMiB()),
    result: JSON.stringify(result),
  };
}

function columnsOf(name: string) {
  const { embedded, exact } = topicTexts(name, "");
  return { exact_key: exactKey(exact), content_hash: contentHash(embedded), created_at: new Date() };
}

/** Eight words that no other number has: their texts are not similar. */
function wordsOf(number: number): string {
  return contentHash(String(number)).toString("hex").slice(0, 48).match(/.{6}/g)!.join(" ");
}

function* chunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += 1_000) yield items.slice(from, from + 1_000);
}
