import type { Tx } from "#data/client.ts";
import { assignTopic, holdTopicProposal } from "#data/knowledge/atom-topics.ts";
import { recordKnowledgeAudit } from "#data/knowledge/audit-trail.ts";
import { lockEntitySet } from "#data/knowledge/entity-sets.ts";
import type { KnowledgeKind } from "#data/knowledge/knowledge-schema.ts";
import {
  flagTwin,
  forgetComparison,
  insertApproved,
  type LockedProposal,
  lockProposal,
  newerEntities,
} from "#data/knowledge/review-approval.ts";
import { cachedVectors } from "#data/vectors/cached-embeddings.ts";
import { storeVectors } from "#data/vectors/vector-items.ts";
import { similarTo } from "#rules/knowledge/similarity.ts";

/** Most entities that an approval compares by itself. After a larger import a scan comes first. */
export const MOST_NEWER = 2_000;
/** The `compared_model` of an approval that has compared the exact text alone. */
const EXACT_TEXT = "exact text";

export interface Approval {
  readonly kind: KnowledgeKind;
  readonly id: number;
  readonly reviewer: {
    readonly userId: number | null;
    /** The caller; null for a job. */
    readonly by: string | null;
    /** The same for the audit trail: a caller, or the id of a job. */
    readonly who: string;
    readonly runId?: string | undefined;
  };
  readonly notes: string | null;
  readonly at: Date;
  /** The embedder's model, and the lowest similarity of a duplicate. */
  readonly model: string;
  readonly threshold: number;
  /**
   * A person has seen the similar entity, or knows that no scan has compared the proposal, and approves it anyway. A
   * similar entity that is newer than that still stops the approval. Default false.
   */
  readonly acceptSimilar?: boolean;
  /** Vectors by the hexadecimal hash of their text, which the approvals of a run read once. Default: none. */
  readonly known?: Map<string, Float32Array>;
}

export type ApprovalOutcome =
  | { readonly outcome: "approved"; readonly entityId: number; readonly title: string; readonly confidence: number }
  /** The proposal is flagged as similar to this entity, and stays pending. */
  | { readonly outcome: "twin"; readonly entityId: number; readonly score: number; readonly title: string }
  /** No scan has compared it with everything, by this model and threshold. The next one does. */
  | { readonly outcome: "not_compared" }
  /** It was decided meanwhile, or does not exist. */
  | { readonly outcome: "not_pending" };

/**
 * Approves a proposal in the caller's transaction: compares it with the entities that are newer than its scan, and then
 * makes its entity, or flags the proposal as the twin of one. The lock of the set keeps others from adding an entity in
 * between. Commit soon: approvals of one kind wait for each other. A caller that locks the proposal itself calls
 * `lockEntitySet` before.
 */
export async function approveProposal(tx: Tx, given: Approval): Promise<ApprovalOutcome> {
  const approval = { known: new Map<string, Float32Array>(), ...given };
  const { kind, id, acceptSimilar = false } = approval;
  const version = await lockEntitySet(tx, kind);
  const proposal = await lockProposal(tx, kind, id);
  if (proposal?.status !== "pending") return { outcome: "not_pending" };
  const { title, similarId, similarityScore } = proposal;
  if (!acceptSimilar) {
    if (similarId !== null) return { outcome: "twin", entityId: similarId, score: similarityScore!, title };
    if (!isCompared(proposal, approval)) return { outcome: "not_compared" };
  }
  const compared = await compareWithNewer(tx, proposal, approval);
  if (typeof compared === "string" && compared !== "distinct" && !acceptSimilar) {
    if (compared === "no vector") await forgetComparison(tx, kind, id);
    return { outcome: "not_compared" };
  }
  if (typeof compared === "object") {
    const { entityId, score } = compared;
    const { model, threshold, at: now } = approval;
    const isFlagged = await flagTwin(tx, kind, id, { entityId, score, compared: { version, model, threshold }, now });
    if (isFlagged) return { outcome: "twin", entityId, score, title };
    // The similar entity was deleted in between: what is left is compared again.
    return approveProposal(tx, approval);
  }
  const model = proposal.comparedModel ?? (compared === "distinct" ? approval.model : EXACT_TEXT);
  const entityId = await approve(tx, proposal, approval, { version, model, threshold: approval.threshold });
  return { outcome: "approved", entityId, title, confidence: proposal.confidence };
}

type WithVectors = Approval & Required<Pick<Approval, "known">>;

/** A proposal that no entity up to its compared version is similar to. */
function isCompared(proposal: LockedProposal, { model, threshold }: Approval): boolean {
  const { comparedVersion, comparedModel, comparedThreshold } = proposal;
  return (
    comparedVersion !== null && comparedModel === model && comparedThreshold !== null && comparedThreshold <= threshold
  );
}

/**
 * What the comparison with the newer entities found: a similar one, or none; or that it lacks the vector of the
 * proposal, or of an entity.
 */
async function compareWithNewer(
  tx: Tx,
  proposal: LockedProposal,
  { kind, model, threshold, known }: WithVectors,
): Promise<{ entityId: number; score: number } | "distinct" | "incomplete" | "no vector"> {
  const newer = await newerEntities(tx, kind, {
    exactKey: proposal.exactKey,
    after: proposal.comparedVersion ?? 0,
    except: proposal.similarId,
    limit: MOST_NEWER + 1,
  });
  const exact = newer.find(({ isExact }) => isExact);
  if (exact) return { entityId: exact.id, score: 1 };
  if (newer.length > MOST_NEWER) return "incomplete";

  await readVectors(tx, model, [proposal, ...newer], known);
  const vector = known.get(hex(proposal));
  if (!vector) return "no vector";
  const entities = newer.flatMap((entity) => {
    const other = known.get(hex(entity));
    return other ? [[entity.id, other] as const] : [];
  });
  const [twin] = similarTo(vector, entities, { threshold, k: 1 });
  if (twin) return { entityId: twin.id, score: twin.score };
  return entities.length < newer.length ? "incomplete" : "distinct";
}

/** Adds the vectors of these texts to the known ones, as far as they are cached. */
async function readVectors(
  tx: Tx,
  model: string,
  texts: readonly { readonly contentHash: Buffer }[],
  known: Map<string, Float32Array>,
): Promise<void> {
  const unknown = texts.filter((text) => !known.has(hex(text)));
  for (const [hash, vector] of await cachedVectors(
    tx,
    model,
    unknown.map(({ contentHash }) => contentHash),
  )) {
    known.set(hash, vector);
  }
}

function hex({ contentHash }: { readonly contentHash: Buffer }): string {
  return contentHash.toString("hex");
}

/** Makes the entity with its vector, approves the proposal and records both. @returns the entity's id */
async function approve(
  tx: Tx,
  { id, contentHash, ...proposal }: LockedProposal,
  { kind, reviewer, notes, at, model, known }: WithVectors,
  compared: { version: number; model: string; threshold: number },
): Promise<number> {
  if (kind === "atom") await holdTopicProposal(tx, id);
  const entityId = await insertApproved(tx, kind, id, {
    decision: { reviewedByUserId: reviewer.userId, reviewedBy: reviewer.by, notes, at },
    compared,
  });
  const vector = known.get(hex({ contentHash }));
  if (vector) await storeVectors(tx, { kind, model }, [{ id: entityId, contentHash, vector }]);
  if (kind === "topic") await assignTopic(tx, id, entityId);
  await recordKnowledgeAudit(tx, [
    {
      at,
      who: reviewer.who,
      action: "approved",
      subjectType: `${kind}_proposal`,
      subjectId: id,
      runId: reviewer.runId ?? null,
      reason: notes,
      before: { status: "pending", similarId: proposal.similarId },
      after: { status: "approved", entityId, confidence: proposal.confidence, comparedVersion: compared.version },
    },
  ]);
  return entityId;
}
