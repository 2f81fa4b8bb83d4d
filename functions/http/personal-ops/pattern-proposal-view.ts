import { z } from "zod";
import type { Executor } from "#data/client.ts";
import {
  decidePatternProposal,
  findPatternProposal,
  type PatternProposal,
  type ProposalDecision,
} from "#data/personal-ops/pattern-proposals.ts";
import { DECISION_STATUSES, PATTERN_TYPES } from "#data/personal-ops/personal-ops-schema.ts";
import type { App } from "#http/app-services.ts";
import { checkIfMatch, entityTag } from "#http/precondition.ts";
import { notFound, Problem } from "#http/problem.ts";
import type { Reply } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";
import { fields, instant } from "../admin/field-schemas.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { auditByPerson } from "./audit-by-person.ts";

export const patternProposalPath = z.strictObject({ id: serialField });

export const patternProposalSchema = z.object({
  id: z.int(),
  title: z.string(),
  body: z.string().describe("What the system offers to do"),
  confidence: z.number().describe("Of the pattern, when it was proposed"),
  status: z.enum(DECISION_STATUSES),
  createdAt: instant,
  decidedAt: instant.nullable(),
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
  pattern: z.object({ id: z.int(), type: z.enum(PATTERN_TYPES), evidence: fields }),
});

export function patternProposalView({ revision: _, ...proposal }: PatternProposal) {
  return JSON.parse(JSON.stringify(proposal)) as z.input<typeof patternProposalSchema>;
}

export function patternProposalTag({ id, revision }: PatternProposal): string {
  return entityTag(["pattern proposal", id, revision]);
}

/** @throws Problem 404 */
export async function patternProposalOr404(db: Executor, id: number): Promise<PatternProposal> {
  const found = await findPatternProposal(db, id);
  if (found) return found;
  throw notFound(`there is no proposal ${id}`);
}

interface DecisionRequest extends Pick<ProposalDecision, "id" | "status" | "reason"> {
  readonly caller: string;
  readonly header: (name: string) => string | null;
}

/**
 * Decides a pending proposal, audited.
 * @throws Problem 404 without it, 409 when it was decided, 428 without `If-Match`, 412 when it has changed since
 */
export async function decideAbout(app: App, { id, status, reason, caller, header }: DecisionRequest): Promise<Reply> {
  const { response } = await respondOnce(app, { header, payload: { [status]: id, reason } }, async (tx) => {
    const before = await patternProposalOr404(tx, id);
    checkSeen(header("if-match"), before);
    const at = app.clock.now();
    const isDecided = await decidePatternProposal(tx, {
      id,
      revision: before.revision,
      status,
      by: caller,
      reason,
      at,
    });
    const after = await patternProposalOr404(tx, id);
    if (!isDecided) throw new Problem(409, "decided-before", `the proposal ${id} is ${after.status}`);
    await auditByPerson(tx, { at, caller, action: `proposal ${status}`, subject: `proposal:${id}`, reason });
    return { response: { decided: patternProposalView(after), etag: patternProposalTag(after) } };
  });
  return { headers: { etag: String(response.etag) }, json: response.decided };
}

function checkSeen(header: string | null, proposal: PatternProposal): void {
  if (header === null) {
    const reason = "expected the ETag of the proposal, so that a person decides about what they have seen";
    throw new Problem(428, "precondition-required", `If-Match: ${reason}`, { errors: [{ field: "If-Match", reason }] });
  }
  checkIfMatch(header, patternProposalTag(proposal));
}
