import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { dismissDeadRun, DISMISSED } from "#data/platform/dead-letters.ts";
import { dismissDeadMessage, findDeadMessage } from "#data/platform/dead-messages.ts";
import { findRun } from "#data/platform/job-runs.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { deadMessageSchema, deadMessageView, deadRunSchema, deadRunView } from "./get-dead-letters.ts";

export const dismissDeadLetter = defineRoute({
  method: "POST",
  path: "api/admin/dead-letters/{id}/dismiss",
  access: "operator",
  summary: "Dismiss a dead run or an unreadable message: it stays stored, and is no longer open",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({ reason: auditReason }),
  response: z.discriminatedUnion("kind", [deadRunSchema, deadMessageSchema]),
  async handle({ app, params: { id }, body: { reason }, caller }) {
    const at = app.clock.now();
    const json = await app.db.transaction(async (tx) => {
      const audit = (subject: string) =>
        recordAudit(tx, { at, who: caller, action: "dead letter dismissed", subject, reason });
      const run = await dismissDeadRun(tx, id, reason);
      if (run) {
        await audit(`run:${id}`);
        return deadRunView(run);
      }
      const message = await dismissDeadMessage(tx, id, at);
      if (!message) throw await refusalOf(tx, id);
      await audit(`message:${id}`);
      return deadMessageView(message);
    });
    return { json };
  },
});

async function refusalOf(tx: Tx, id: string): Promise<Problem> {
  const run = await findRun(tx, id);
  if (run?.state === "dead" && run.reasonCode === DISMISSED)
    return new Problem(409, "dismissed-before", `it was dismissed before: ${run.reason}`);
  if (run) return new Problem(409, "not-dead", `the run is ${run.state}; only a dead run can be dismissed`);
  const message = await findDeadMessage(tx, id);
  if (!message) return notFound(`there is no dead run or unreadable message ${id}`);
  return new Problem(409, "dismissed-before", `it was dismissed at ${message.resolvedAt?.toISOString()}`);
}
