import type { Job } from "#jobs";
import { autoReviewProposals } from "./auto-review-proposals.ts";
import { deduplicationScan } from "./deduplication-scan.ts";
import { extractKnowledge } from "./extract-knowledge/index.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [extractKnowledge, deduplicationScan, autoReviewProposals];
