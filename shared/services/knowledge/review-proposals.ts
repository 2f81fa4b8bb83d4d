import type { Tx } from "#data/client.ts";
import { type KnowledgeKind, SYSTEM_USER_ID } from "#data/knowledge/knowledge-schema.ts";
import { proposalsToReview, type ProposalToReview, type ReviewPolicy } from "#data/knowledge/review-proposals.ts";
import { asError, type FailedItem, type JobContext } from "#jobs";
import { endsTheAttempt } from "#jobs/whole-run-error.ts";
import { knowledgeEvent } from "#rules/knowledge/knowledge-events.ts";
import { approveProposal } from "./approve-proposal.ts";

/** After so many failures in one run the rest waits for the next one. */
const MOST_FAILURES = 1_000;

type Context = Pick<JobContext<unknown>, "db" | "signal" | "transaction" | "publish" | "clock" | "run">;

interface Review extends ReviewPolicy {
  readonly kind: KnowledgeKind;
  /** Most approvals. */
  readonly limit: number;
}

/**
 * Approves the certain proposals of a kind, oldest first, each in its own transaction. One that fails stays pending,
 * and the next one follows.
 */
export async function reviewProposals(
  context: Context,
  review: Review,
): Promise<{ approved: number; failed: FailedItem[] }> {
  const { db, signal, transaction } = context;
  const { kind, limit } = review;
  const known = new Map<string, Float32Array>();
  const failed: FailedItem[] = [];
  let approved = 0;
  for (let after = 0; approved < limit && failed.length < MOST_FAILURES;) {
    const page = await proposalsToReview(db, kind, review, { after, limit: limit - approved });
    for (const proposal of page) {
      signal.throwIfAborted();
      try {
        if (await transaction((tx) => approve(context, tx, review, { proposal, known }))) approved += 1;
      } catch (error) {
        if (signal.aborted || endsTheAttempt(error)) throw error;
        failed.push({ key: `${kind} proposal ${proposal.id}`, error: asError(error) });
      }
      after = proposal.id;
    }
    if (page.length === 0) break;
  }
  return { approved, failed };
}

/** @returns whether it is approved; a twin of a newer entity is flagged instead */
async function approve(
  { clock, publish, run }: Context,
  tx: Tx,
  { kind, model, threshold }: Review,
  { proposal, known }: { proposal: ProposalToReview; known: Map<string, Float32Array> },
): Promise<boolean> {
  const { id, confidence } = proposal;
  const approval = await approveProposal(tx, {
    kind,
    id,
    reviewer: { userId: SYSTEM_USER_ID, by: null, who: run.jobId, runId: run.id },
    notes: `Auto-approved: confidence ${(confidence * 100).toFixed(2)}%`,
    at: clock.now(),
    model,
    threshold,
    known,
  });
  const about = { kind, proposalId: id, runId: run.id };
  switch (approval.outcome) {
    case "approved": {
      const { entityId, title } = approval;
      publish(tx, [knowledgeEvent("proposal.auto_approved", { ...about, entityId, title, confidence })]);
      return true;
    }
    case "twin": {
      const { entityId: similarEntityId, score: similarityScore, title } = approval;
      const twin = { title, similarEntityId, similarityScore, similarityType: "pending_twin" } as const;
      publish(tx, [knowledgeEvent("proposal.duplicate_detected", { ...about, ...twin })]);
      return false;
    }
    case "not_compared":
    case "not_pending":
      return false;
  }
}
