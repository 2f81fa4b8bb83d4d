import type { Job } from "#jobs";
import { autoReviewProposals } from "./auto-review-proposals.ts";
import { cleanupOrphanedExtractions } from "./cleanup-orphaned-extractions.ts";
import { deduplicationScan } from "./deduplication-scan.ts";
import { expireStaleProposals } from "./expire-stale-proposals.ts";
import { extractKnowledge } from "./extract-knowledge/index.ts";
import { maintainVectors } from "./maintain-vectors.ts";
import { proposalMetricsUpdate } from "./proposal-metrics-update.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [
  extractKnowledge,
  deduplicationScan,
  autoReviewProposals,
  expireStaleProposals,
  cleanupOrphanedExtractions,
  proposalMetricsUpdate,
  maintainVectors,
];
