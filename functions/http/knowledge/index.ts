import type { Route } from "#http/route.ts";
import { getAtoms } from "./get-atoms.ts";
import { getExtraction } from "./get-extraction.ts";
import { getMetrics } from "./get-metrics.ts";
import { getProposal } from "./get-proposal.ts";
import { getProposals } from "./get-proposals.ts";
import { getSearch } from "./get-search.ts";
import { getTopics } from "./get-topics.ts";
import { reviewProposal } from "./review-proposal.ts";
import { submitMessages } from "./submit-messages.ts";
import { undoReview } from "./undo-review.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  submitMessages,
  getExtraction,
  getProposals,
  getProposal,
  reviewProposal,
  undoReview,
  getMetrics,
  getSearch,
  getTopics,
  getAtoms,
];
