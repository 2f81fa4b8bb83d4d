import { KNOWLEDGE_KINDS } from "#data/knowledge/knowledge-schema.ts";
import { countSkipped, SKIP_REASONS } from "#data/knowledge/review-proposals.ts";
import { defineJob, exponential, type FailedItem, type JobContext, schedule, writes, z } from "#jobs";
import { openEmbedder } from "#providers/embeddings/open-embedder.ts";
import { announceFailedItems, announcingErrors } from "#services/knowledge/announce-errors.ts";
import { reviewProposals } from "#services/knowledge/review-proposals.ts";
import { knowledge } from "../families.ts";

/**
 * Approves the pending proposals that are certain and that the deduplication scan has compared with everything known.
 * Running twice is safe, also side by side and beside a scan: a proposal, its topic or atom and the record of the
 * decision commit together, under the lock of everything that is known of the kind.
 */
export const autoReviewProposals = defineJob({
  id: "auto_review_proposals",
  family: knowledge,
  summary: "Approve the proposals with enough confidence that are no duplicates",
  on: schedule("0 */5 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: exponential({ retries: 3, first: "5s", factor: 5, max: "5m" }),
  gates: [writes],
  missed: "once",
  overlap: "skip",

  async run(context) {
    if (!context.settings.KNOWLEDGE_AUTO_APPROVAL_ENABLED) return { ...NOTHING, skipped: "disabled" };
    return announcingErrors(context, () => review(context));
  },
});

const NOTHING = { topics_approved: 0, atoms_approved: 0, topics_skipped: 0, atoms_skipped: 0, errors: 0 };

async function review(context: JobContext<unknown>) {
  const { db, settings } = context;
  const policy = {
    confidence: settings.KNOWLEDGE_AUTO_APPROVAL_CONFIDENCE_THRESHOLD,
    model: openEmbedder(settings).model,
    threshold: settings.KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD,
  };
  const result = { ...NOTHING, skipped: Object.fromEntries(SKIP_REASONS.map((reason) => [reason, 0])) };
  const failed: FailedItem[] = [];
  // Topics first, so that the atoms of this run have theirs.
  for (const kind of KNOWLEDGE_KINDS) {
    const reviewed = await reviewProposals(context, {
      ...policy,
      kind,
      limit: settings.KNOWLEDGE_AUTO_APPROVAL_BATCH_SIZE,
    });
    failed.push(...reviewed.failed);
    const skipped = await countSkipped(db, kind, policy);
    result[`${kind}s_approved`] = reviewed.approved;
    for (const reason of SKIP_REASONS) {
      result[`${kind}s_skipped`] += skipped[reason];
      result.skipped[reason]! += skipped[reason];
    }
  }
  announceFailedItems(context, failed);
  context.recordFailures(failed);
  return { ...result, errors: failed.length };
}
