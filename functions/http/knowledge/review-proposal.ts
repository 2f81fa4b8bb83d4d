import { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { KnowledgeKind } from "#data/knowledge/knowledge-schema.ts";
import type { App } from "#http/app-services.ts";
import { badRequest, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { openEmbedder } from "#providers/embeddings/open-embedder.ts";
import { nextOccurrence } from "#schedule/occurrences.ts";
import { approveProposal } from "#services/knowledge/approve-proposal.ts";
import {
  lockForDecision,
  mergeProposal,
  type PersonsDecision,
  rejectProposal,
} from "#services/knowledge/decide-proposal.ts";
import { auditReason } from "../audit-reason.ts";
import { respondOnce } from "../idempotent-requests.ts";
import {
  checkSeen,
  proposalOr404,
  proposalPath,
  proposalSchema,
  proposalTag,
  proposalView,
  rowNumber,
} from "./proposal-view.ts";

const SCAN = "deduplication_scan";

const body = z.strictObject({
  action: z.enum(["approve", "reject", "merge"]),
  reason: auditReason,
  into: rowNumber.optional().describe("For merge: the id of the topic or atom that the proposal repeats"),
  acceptSimilar: z
    .boolean()
    .optional()
    .describe("For approve: approve although it is similar to the shown entity, or was not compared yet"),
});
type Action = z.output<typeof body>;

/** What came of the request: it is stored for a repeated key, also a refusal that has flagged the proposal. */
type Answer =
  | { readonly decided: z.input<typeof proposalSchema>; readonly etag: string }
  | { readonly twin: { readonly id: number; readonly title: string; readonly score: number }; readonly etag: string };

export const reviewProposal = defineRoute({
  method: "POST",
  path: "api/knowledge/proposals/{kind}/{id}/review",
  access: "operator",
  idempotent: true,
  conditional: true,
  summary: "Approve or reject a pending proposal, or merge it into something known, with a reason; audited",
  params: proposalPath,
  body,
  response: proposalSchema,
  async handle({ app, params, body, caller, header }) {
    const fault = faultOf(body);
    if (fault) throw badRequest([fault]);
    const payload = { review: params, body };
    const { response } = await respondOnce(app, { header, payload }, async (tx) => {
      const { kind, id } = params;
      await lockForDecision(tx, kind, id);
      const proposal = await proposalOr404(tx, kind, id);
      checkSeen(header("if-match"), proposal);
      if (proposal.status !== "pending") {
        throw new Problem(409, "decided-before", `the ${kind} proposal ${id} is ${proposal.status}: undo that first`);
      }
      const decision = { kind, id, by: caller, reason: body.reason, at: app.clock.now() };
      const isDecided = await decide(app, tx, decision, body);
      const after = await proposalOr404(tx, kind, id);
      const etag = proposalTag(after);
      if (isDecided) return { response: { decided: proposalView(after), etag } };
      const { id: twinId, title, score } = after.similar!;
      return { response: { twin: { id: twinId, title, score }, etag } };
    });
    const answer = response as unknown as Answer;
    if ("decided" in answer) return { headers: { etag: answer.etag }, json: answer.decided };
    const { twin, etag } = answer;
    const detail = `it is similar to the ${params.kind} ${twin.id} (${twin.title}): merge it into that one, reject it, or send acceptSimilar`;
    throw new Problem(409, "similar-entity", detail, { extra: { similar: twin }, headers: { etag } });
  },
});

function faultOf({ action, into, acceptSimilar }: Action): { field: string; reason: string } | undefined {
  if (action === "merge" && into === undefined) {
    return { field: "into", reason: "expected the id of the topic or atom to merge into" };
  }
  if (action !== "merge" && into !== undefined) return { field: "into", reason: "belongs to the action merge alone" };
  if (action !== "approve" && acceptSimilar !== undefined) {
    return { field: "acceptSimilar", reason: "belongs to the action approve alone" };
  }
  return undefined;
}

/** @returns false when a similar entity stops an approval: the proposal is then flagged with it */
async function decide(
  app: App,
  tx: Tx,
  decision: PersonsDecision,
  { action, into, acceptSimilar }: Action,
): Promise<boolean> {
  switch (action) {
    case "reject":
      await rejectProposal(tx, decision);
      return true;
    case "merge":
      if (await mergeProposal(tx, decision, into!)) return true;
      throw badRequest([{ field: "into", reason: `there is no ${decision.kind} ${into}` }]);
    case "approve":
      return approve(app, tx, decision, acceptSimilar ?? false);
  }
}

async function approve(
  app: App,
  tx: Tx,
  { kind, id, by, reason, at }: PersonsDecision,
  acceptSimilar: boolean,
): Promise<boolean> {
  const { config } = app;
  const { outcome } = await approveProposal(tx, {
    kind,
    id,
    reviewer: { userId: null, by, who: by },
    notes: reason,
    at,
    model: openEmbedder(config).model,
    threshold: config.KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD,
    acceptSimilar,
  });
  switch (outcome) {
    case "approved":
      return true;
    case "twin":
      return false;
    case "not_compared":
      throw await notCompared(app, kind, at);
    case "not_pending":
      throw new Problem(409, "decided-before", `the ${kind} proposal ${id} was decided meanwhile`);
  }
}

async function notCompared(app: App, kind: KnowledgeKind, now: Date): Promise<Problem> {
  const scan = await app.jobs.find(SCAN);
  const schedule = scan ? effectiveSchedule(scan, app.config.jobs.get(SCAN)) : null;
  const next = schedule && nextOccurrence(schedule, now);
  const when = next ? `the next ${SCAN} runs at ${next.toISOString()}` : `${SCAN} has no schedule`;
  return new Problem(
    409,
    "not-compared",
    `it was not compared with every known ${kind}: ${when}; start one with POST /api/admin/jobs/${SCAN}/run`,
    { extra: { nextScanAt: next?.toISOString() ?? null, startScan: `/api/admin/jobs/${SCAN}/run` } },
  );
}
