import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { App } from "#app";
import type { Tx } from "#data/client.ts";
import { insertDocument } from "#data/tax-liens/documents.ts";
import { readDocumentFacts, type Subject } from "#documents/document-facts.ts";
import { findTemplate, TEMPLATE_NAMES } from "#documents/templates.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { issuesOf } from "#jobs/input.ts";
import { OPERATORS } from "#notifications/notification.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { generateDocument } from "../../tax-liens/generate-document.ts";
import { respondOnce } from "../idempotent-requests.ts";

const body = z.strictObject({
  template: z.enum(TEMPLATE_NAMES),
  /** What it is written from, as the template takes it. */
  facts: z.record(z.string(), z.json()).optional(),
  /** Instead of facts: they are read from what is known of this lien. For deal_memo and lien_due_diligence. */
  lienId: z.int().positive().nullable().default(null),
  /** Of a deal that an analysis found. For deal_memo. */
  dealId: z.int().positive().nullable().default(null),
  /** Of what was bought of an analysis's deals. For portfolio_statement. */
  analysisRunId: z.uuid().nullable().default(null),
  recipient: z.string().trim().min(1).max(200).default(OPERATORS),
});

export const requestDocument = defineRoute({
  method: "POST",
  path: "api/documents/generate",
  access: "key",
  idempotent: true,
  summary:
    "Ask for a document from its facts, or about a lien, a deal or an analysis; the recipient is told when it is there",
  body,
  response: z.object({ document: z.uuid(), run: z.uuid() }),
  async handle({ app, body: asked, caller, header }) {
    const { template, facts = null, recipient, ...subject } = asked;
    const { answer, started } = await respondOnce(app, { header, asked: { generate: asked } }, async (tx) => {
      await checkFacts(app, tx, asked);
      const id = uuidv7();
      const [createdAt, requestedBy] = [app.clock.now(), caller];
      await insertDocument(tx, { id, template, facts, ...subject, recipient, requestedBy, createdAt });
      const run = await app.enqueuer.enqueueIn(tx, generateDocument, {
        input: { documentId: id },
        trigger: "event",
        requestedBy,
      });
      return { run, answer: { document: id, run: run.id } };
    });
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    const headers = { location: `/api/documents/${String(answer.document)}` };
    return { status: started ? 202 : 200, headers, json: answer };
  },
});

/** @throws Problem 400 naming what of the facts is wrong, before anybody waits for the document */
async function checkFacts(app: App, tx: Tx, asked: z.output<typeof body>): Promise<void> {
  const { template, facts, recipient: _, ...subject } = asked;
  const given = Object.values({ facts: facts ?? null, ...subject }).filter((value) => value !== null);
  if (given.length !== 1) {
    throw badRequest([{ field: "facts", reason: `expected one of facts, ${Object.keys(subject).join(", ")}` }]);
  }
  const written = facts ?? (await factsOf(app, tx, { template, subject }));
  const { success, error } = findTemplate(template).context.safeParse(written);
  if (success) return;
  throw badRequest(issuesOf(error, "").map(({ field, reason }) => ({ field: `facts.${field}`, reason })));
}

async function factsOf(
  { config, clock }: App,
  tx: Tx,
  { template, subject }: { template: string; subject: Subject },
): Promise<unknown> {
  const asOf = civilDateIn(config.TAX_LIENS_TIME_ZONE, clock.now());
  try {
    return await readDocumentFacts(tx, template, subject, { asOf, settings: config });
  } catch (error) {
    throw error instanceof InvalidInput ? badRequest(error.issues) : error;
  }
}
