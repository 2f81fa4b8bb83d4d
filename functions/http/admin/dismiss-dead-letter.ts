import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { dismissDeadMessage, findDeadMessage } from "#data/platform/dead-messages.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { deadMessageSchema, deadMessageView } from "./get-dead-letters.ts";

export const dismissDeadLetter = defineRoute({
  method: "POST",
  path: "api/admin/dead-letters/{id}/dismiss",
  access: "operator",
  summary: "Dismiss an unreadable message; it stays stored. For a dead run, use replay",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({ reason: auditReason }),
  response: deadMessageSchema,
  async handle({ app, params: { id }, body: { reason }, caller }) {
    const now = app.clock.now();
    const message = await app.db.transaction(async (tx) => {
      const dismissed = await dismissDeadMessage(tx, id, now);
      const entry = { at: now, who: caller, action: "dead letter dismissed", subject: `message:${id}`, reason };
      if (dismissed) await recordAudit(tx, entry);
      return dismissed;
    });
    if (message) return { json: deadMessageView(message) };
    const before = await findDeadMessage(app.db, id);
    if (!before) throw notFound(`there is no unreadable message ${id}; dead runs are replayed, not dismissed`);
    throw new Problem(409, "dismissed-before", `it was dismissed at ${before.resolvedAt?.toISOString()}`);
  },
});
