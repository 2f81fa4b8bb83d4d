import type { Tx } from "#data/client.ts";
import { assignTopic } from "#data/knowledge/atom-topics.ts";
import { recordKnowledgeAudit } from "#data/knowledge/audit-trail.ts";
import { lockEntitySet } from "#data/knowledge/entity-sets.ts";
import type { KnowledgeKind } from "#data/knowledge/knowledge-schema.ts";
import { lockProposal } from "#data/knowledge/review-approval.ts";
import {
  decide,
  deleteEntity,
  holdEntity,
  mergedInto,
  moveAtomProposals,
  releaseAtoms,
  reopen,
} from "#data/knowledge/review-decisions.ts";
import { removeVectors } from "#data/vectors/vector-items.ts";

/** A person's decision about a locked proposal. */
export interface PersonsDecision {
  readonly kind: KnowledgeKind;
  readonly id: number;
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
}

/** Rejects a pending proposal. The caller has locked it. */
export async function rejectProposal(tx: Tx, decision: PersonsDecision): Promise<void> {
  await record(tx, decision, { action: "rejected", into: null });
}

/**
 * Merges a pending proposal into an entity. The atoms and the atom proposals of a topic proposal then belong to that
 * topic. The caller has locked the proposal.
 * @returns false when there is no such entity
 */
export async function mergeProposal(tx: Tx, decision: PersonsDecision, into: number): Promise<boolean> {
  const { kind, id } = decision;
  if ((await holdEntity(tx, kind, into)) === undefined) return false;
  await record(tx, decision, { action: "merged", into });
  if (kind === "topic") {
    await assignTopic(tx, id, into);
    await moveAtomProposals(tx, id, into);
  }
  return true;
}

async function record(
  tx: Tx,
  { kind, id, by, reason, at }: PersonsDecision,
  { action, into }: { action: "rejected" | "merged"; into: number | null },
): Promise<void> {
  await decide(tx, kind, id, { into, decision: { reviewedByUserId: null, reviewedBy: by, notes: reason, at } });
  await recordKnowledgeAudit(tx, [
    {
      at,
      who: by,
      action,
      subjectType: `${kind}_proposal`,
      subjectId: id,
      reason,
      before: { status: "pending" },
      after: into === null ? { status: action } : { status: action, into },
    },
  ]);
}

export type UndoOutcome =
  | { readonly outcome: "undone" }
  | { readonly outcome: "pending" }
  /** Proposals that were merged into the entity: undo those first. */
  | { readonly outcome: "needed"; readonly by: readonly { readonly id: number; readonly title: string }[] };

/**
 * Makes a decided proposal pending again. The entity of an approval is deleted; atoms stay, without their topic. The
 * caller has locked the set of the kind, and then the proposal.
 */
export async function undoDecision(
  tx: Tx,
  { kind, id, by, reason, at }: PersonsDecision,
  { status, entityId }: { readonly status: string; readonly entityId: number | null },
): Promise<UndoOutcome> {
  if (status === "pending") return { outcome: "pending" };
  if (status === "approved") {
    const merged = await mergedInto(tx, kind, entityId!);
    if (merged.length > 0) return { outcome: "needed", by: merged };
  }
  if (kind === "topic" && entityId !== null) await releaseAtoms(tx, id, entityId);
  await reopen(tx, kind, id, { by, notes: `Undone: ${reason}` });
  const who = { at, who: by, reason };
  await recordKnowledgeAudit(tx, [
    {
      ...who,
      action: "undone",
      subjectType: `${kind}_proposal`,
      subjectId: id,
      before: { status, entityId },
      after: { status: "pending" },
    },
  ]);
  if (status === "approved") {
    await removeVectors(tx, kind, [entityId!]);
    const before = await deleteEntity(tx, kind, entityId!);
    await recordKnowledgeAudit(tx, [{ ...who, action: "deleted", subjectType: kind, subjectId: entityId!, before }]);
  }
  return { outcome: "undone" };
}

/** Locks what a decision changes, in the order that all transactions keep. */
export async function lockForDecision(tx: Tx, kind: KnowledgeKind, id: number): Promise<boolean> {
  await lockEntitySet(tx, kind);
  return (await lockProposal(tx, kind, id)) !== undefined;
}
