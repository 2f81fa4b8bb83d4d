import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { recordAgentAudit } from "#data/personal-ops/agent-audit.ts";
import { type DeadLetterJob, insertRetryJob, resolveDeadLetterJob } from "#data/personal-ops/retry-jobs.ts";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { deadLetterPath, deadLetterSchema, deadLetterView, lockOpenDeadLetter } from "./dead-letter-view.ts";

interface Decision {
  readonly resolution: "replayed" | "dismissed";
  readonly summary: string;
  /** @returns what the audit has of it beside the dead letter */
  readonly apply: (tx: Tx, letter: DeadLetterJob, now: Date) => Promise<Record<string, unknown>>;
}

/** A decision about a dead letter, with a reason: audited. */
function decision(verb: "replay" | "dismiss", { resolution, summary, apply }: Decision) {
  return defineRoute({
    method: "POST",
    path: `api/personal-ops/dead-letters/{id}/${verb}`,
    access: "operator",
    idempotent: true,
    summary,
    params: deadLetterPath,
    body: z.strictObject({ reason: auditReason }),
    response: deadLetterSchema,
    async handle({ app, params: { id }, body, caller, header }) {
      const { response } = await respondOnce(app, { header, payload: { [verb]: id, body } }, async (tx) => {
        const now = app.clock.now();
        const letter = await lockOpenDeadLetter(tx, id);
        const output = { deadLetter: id, kind: letter.kind, reason: body.reason, ...(await apply(tx, letter, now)) };
        const action = `dead letter ${resolution}`;
        await recordAgentAudit(tx, { at: now, action, actionType: "control", actor: caller, success: true, output });
        const decided = { resolution, resolvedBy: caller, reason: body.reason, resolvedAt: now };
        return { response: deadLetterView(await resolveDeadLetterJob(tx, id, decided)) };
      });
      return { json: response };
    },
  });
}

export const replayDeadLetter = decision("replay", {
  resolution: "replayed",
  summary: "Replay a dead letter as a new retry job with all its attempts, with a reason; audited",
  async apply(tx, { kind, payload }, now) {
    return { retryJob: await insertRetryJob(tx, { kind, payload }, now) };
  },
});

export const dismissRetryDeadLetter = decision("dismiss", {
  resolution: "dismissed",
  summary: "Dismiss a dead letter, with a reason: it stays stored, and is no longer open; audited",
  apply: async () => ({}),
});
