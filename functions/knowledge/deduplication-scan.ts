import { KNOWLEDGE_KINDS } from "#data/knowledge/knowledge-schema.ts";
import { defineJob, type FailedItem, type JobContext, linear, schedule, writes, z } from "#jobs";
import { countTokens } from "#providers/embeddings/count-tokens.ts";
import { openEmbedder } from "#providers/embeddings/open-embedder.ts";
import { announceFailedItems, announcingErrors } from "#services/knowledge/announce-errors.ts";
import { compareProposals } from "#services/knowledge/compare-proposals.ts";
import { knowledge } from "../families.ts";

/**
 * Compares pending proposals with the topics and atoms that are known, and flags those that are similar to one. It
 * rejects none. Running twice is safe, also side by side: an embedding is cached by its text, and a proposal is
 * compared again only when something is newer than its comparison.
 */
export const deduplicationScan = defineJob({
  id: "deduplication_scan",
  family: knowledge,
  summary: "Flag pending proposals that are similar to known topics and atoms",
  on: schedule("0 */30 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 2, delay: "10s" }),
  timeout: "5m",
  gates: [writes],
  missed: "once",
  overlap: "skip",

  run: (context) => announcingErrors(context, () => scan(context)),
});

async function scan(context: JobContext<unknown>) {
  const { settings, callPolicy } = context;
  const embedder = countTokens(openEmbedder(settings, callPolicy));
  const result = { proposals_scanned: 0, duplicates_found: 0, embeddings_generated: 0 };
  const failed: FailedItem[] = [];
  for (const kind of KNOWLEDGE_KINDS) {
    const compared = await compareProposals(context, {
      kind,
      embedder,
      threshold: settings.KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD,
      batch: settings.KNOWLEDGE_DEDUP_BATCH_SIZE,
    });
    result.proposals_scanned += compared.scanned;
    result.duplicates_found += compared.duplicates;
    result.embeddings_generated += compared.generated;
    failed.push(...compared.failed);
    context.progress(result.proposals_scanned);
  }
  // A service charges by the token; the local embedder has none.
  const { model, tokens } = embedder;
  if (tokens > 0) context.log.info("Embedded texts by the service", { model, tokens });
  announceFailedItems(context, failed);
  context.recordFailures(failed);
  return { ...result, errors: failed.length };
}
