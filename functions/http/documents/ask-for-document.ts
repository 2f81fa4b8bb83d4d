import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { App } from "../../../shared/app.ts";
import { findLienWhole, insertDocument } from "../../../shared/data/tax-liens/documents.ts";
import { findTemplate, TEMPLATE_NAMES } from "../../../shared/documents/templates.ts";
import { badRequest } from "../../../shared/http/problem.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { issuesOf } from "../../../shared/jobs/input.ts";
import { OPERATORS } from "../../../shared/notifications/notification.ts";
import { generateDocument } from "../../tax-liens/generate-document.ts";
import { answerOnce } from "../start-once.ts";

const asked = z.strictObject({
  template: z.enum(TEMPLATE_NAMES),
  /** What it is written from, as the template takes it. */
  facts: z.record(z.string(), z.json()).optional(),
  /** Instead of facts: they are read from what is known of this lien. For lien_due_diligence. */
  lienId: z.int().positive().optional(),
  recipient: z.string().trim().min(1).max(200).default(OPERATORS),
});

export const askForDocument = defineRoute({
  method: "POST",
  path: "api/documents/generate",
  access: "key",
  idempotent: true,
  summary:
    "Ask for a document from its facts or, for lien_due_diligence, by a lien; the recipient is told when it is there",
  body: asked,
  answer: z.object({ document: z.uuid(), run: z.uuid() }),
  async handle({ app, body, caller, header }) {
    await checkFacts(app, body);
    const { template, facts = null, lienId = null, recipient } = body;
    const { answer, started } = await answerOnce(app, { header, asked: { generate: body } }, async (tx) => {
      const id = uuidv7();
      const [createdAt, requestedBy] = [app.clock.now(), caller];
      await insertDocument(tx, { id, template, facts, lienId, recipient, requestedBy, createdAt });
      const run = await app.runner.admit(tx, generateDocument, {
        input: { documentId: id },
        trigger: "event",
        requestedBy,
      });
      return { run, answer: { document: id, run: run.id } };
    });
    if (started?.run.state === "queued") await app.runner.send([started.run]);
    const headers = { location: `/api/documents/${String(answer.document)}` };
    return { status: started ? 202 : 200, headers, json: answer };
  },
});

/** @throws Problem 400 naming what of the facts is wrong, before anybody waits for the document */
async function checkFacts(app: App, { template, facts, lienId }: z.output<typeof asked>): Promise<void> {
  if ((facts === undefined) === (lienId === undefined)) {
    throw badRequest([{ field: "facts", reason: "expected either facts or lienId" }]);
  }
  if (lienId !== undefined) {
    if (template !== "lien_due_diligence") {
      throw badRequest([{ field: "lienId", reason: `expected facts: a ${template} is not written from a lien alone` }]);
    }
    if (!(await findLienWhole(app.db, lienId)))
      throw badRequest([{ field: "lienId", reason: `there is no lien ${lienId}` }]);
    return;
  }
  const { success, error } = findTemplate(template).context.safeParse(facts);
  if (success) return;
  throw badRequest(issuesOf(error, "").map(({ field, reason }) => ({ field: `facts.${field}`, reason })));
}
