import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { rowId } from "#data/row-ids.ts";
import { insertDocument } from "#data/tax-liens/documents.ts";
import { factsOf } from "#documents/document-facts.ts";
import { TEMPLATE_NAMES } from "#documents/templates.ts";
import type { App } from "#http/app-services.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { OPERATORS } from "#notifications/notification.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { generateDocument } from "../../tax-liens/generate-document.ts";
import { respondOnce } from "../idempotent-requests.ts";

const body = z.strictObject({
  template: z.enum(TEMPLATE_NAMES),
  /** The facts that the template requires. */
  facts: z.record(z.string(), z.json()).optional(),
  /** Instead of facts: the stored data of this lien. For deal_memo and lien_due_diligence. */
  lienId: z.int().positive().nullable().default(null),
  /** Instead of facts: the data of a deal that an analysis found. For deal_memo. */
  dealId: z.int().positive().nullable().default(null),
  /** Instead of facts: the purchased deals of an analysis. For portfolio_statement. */
  analysisRunId: z.uuid().nullable().default(null),
  recipient: z.string().trim().min(1).max(200).default(OPERATORS),
});

export const requestDocument = defineRoute({
  method: "POST",
  path: "api/documents/generate",
  access: "key",
  idempotent: true,
  summary:
    "Request a document from facts, or about a lien, a deal or an analysis; the recipient is notified when it exists",
  body,
  response: z.object({ document: z.uuid(), run: z.uuid() }),
  async handle({ app, body: requested, caller, header }) {
    const { template, facts = null, recipient, ...subject } = requested;
    const { response, started } = await respondOnce(app, { header, payload: { generate: requested } }, async (tx) => {
      await checkFacts(app, tx, requested);
      const [createdAt, requestedBy] = [app.clock.now(), caller];
      const id = rowId(createdAt);
      await insertDocument(tx, { id, template, facts, ...subject, recipient, requestedBy, createdAt });
      const run = await app.enqueuer.enqueueIn(tx, generateDocument, {
        input: { documentId: id },
        trigger: "event",
        requestedBy,
      });
      return { run, response: { document: id, run: run.id } };
    });
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    const headers = { location: `/api/documents/${String(response.document)}` };
    return { status: started ? 202 : 200, headers, json: response };
  },
});

/** Checks the facts before the document is stored. @throws InvalidInput naming each invalid fact */
async function checkFacts({ config, clock }: App, tx: Tx, requested: z.output<typeof body>): Promise<void> {
  const { template, facts = null, recipient: _, ...subject } = requested;
  const given = Object.values({ facts, ...subject }).filter((value) => value !== null);
  if (given.length !== 1) {
    throw badRequest([{ field: "facts", reason: `expected one of facts, ${Object.keys(subject).join(", ")}` }]);
  }
  const asOf = civilDateIn(config.TAX_LIENS_TIME_ZONE, clock.now());
  await factsOf(tx, { template, facts, ...subject }, { asOf, settings: config });
}
