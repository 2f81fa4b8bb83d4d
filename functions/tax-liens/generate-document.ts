import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Executor } from "#data/client.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { insertLlmCall } from "#data/reasoning/llm-calls.ts";
import { rowId } from "#data/row-ids.ts";
import type { Document, DocumentFile } from "#data/tax-liens/document-schema.ts";
import { failDocument, findDocument, recordFiles, savePassages } from "#data/tax-liens/documents.ts";
import { buildDocument } from "#documents/build-document.ts";
import { writePassages } from "#documents/document-agent.ts";
import { factsOf, type ReadFor } from "#documents/document-facts.ts";
import { renderHtml } from "#documents/render-html.ts";
import { inWords } from "#documents/stored-values.ts";
import { findTemplate } from "#documents/templates.ts";
import { defineJob, event, exponential, InvalidInput, type JobContext, writes, z } from "#jobs";
import { type InAppNotice, insertInAppNotices } from "#notifications/in-app-notice.ts";
import { notify } from "#notifications/notify.ts";
import { configuredLlm } from "#providers/configured-llm.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import type { CallFacts } from "#services/reasoning/ask-model.ts";
import { type BlobContainer, openContainer } from "#storage/blob-container.ts";
import { taxLiens } from "../families.ts";

const input = z.strictObject({ documentId: z.uuid() });

/**
 * Writes a requested document as PDF and HTML. Running twice is safe: its facts and passages are stored before it is
 * drawn, so a repeat writes the same bytes to the same blobs, and the dedupe key allows one notification.
 */
export const generateDocument = defineJob({
  id: "generate_document",
  family: taxLiens,
  summary: "Write a document from its template as PDF and HTML, and notify its recipient",
  on: event({ batch: 1 }),
  input,
  async checkInput({ documentId }, { db, settings, asOf }) {
    await factsOf(db, await existingDocument(db, documentId), onDayOf({ settings, asOf }));
  },
  changeableSettings: ["deal_risk_weights", "valuation_stale_days"],
  retry: exponential({ retries: 2, first: "10s", max: "5m" }),
  concurrency: ({ documentId }) => documentId,
  gates: [writes],

  async onDiscarded(tx, runs) {
    for (const run of runs) {
      const { success, data } = input.safeParse(run.input);
      const failed = success && (await failDocument(tx, data.documentId, discardReason(run)));
      if (failed) await insertInAppNotices(tx, taxLiens.id, [failureOf(failed, run.id)], run.finishedAt!);
    }
  },

  async run(context) {
    const { db, settings, signal, finish, clock } = context;
    const document = await existingDocument(db, context.input.documentId);
    const { id, recipient, createdAt } = document;
    const template = findTemplate(document.template);
    const facts = await factsOf(db, document, onDayOf(context));
    const passages = document.passages ?? (await passagesOf(document, facts, context));

    const model = buildDocument(template, facts, passages, document);
    // Loaded with its first use: the routes that import this job need no PDF library.
    const { renderPdf } = await import("#documents/pdf/render-pdf.ts");
    const container = openContainer(settings, "documents");
    const path = `${createdAt.toISOString().slice(0, 7).replace("-", "/")}/${id}`;
    const files = {
      pdf: await store(container, `${path}.pdf`, "application/pdf", await renderPdf(model), signal),
      html: await store(container, `${path}.html`, "text/html; charset=utf-8", Buffer.from(renderHtml(model)), signal),
    };
    return finish(async (tx) => {
      await recordFiles(tx, id, { title: model.title, files, now: clock.now() });
      const notice = {
        type: "document.ready",
        severity: "INFO",
        title: model.title,
        body: "The document is ready.",
      } as const;
      await notify(context, tx, [{ ...notice, recipient, data: { document: id }, dedupeKey: `document:${id}` }]);
      return { document: id, by: passages.by, bytes: files.pdf.bytes + files.html.bytes };
    });
  },
});

/** A document waits for a language model that is down for this long: its standard text then serves the reader more. */
const LONGEST_WAIT_MS = 15 * 60_000;

type Context = JobContext<z.output<typeof input>>;

async function existingDocument(db: Executor, id: string): Promise<Document> {
  const document = await findDocument(db, id);
  if (!document) throw new InvalidInput([{ field: "documentId", reason: `there is no document ${id}` }]);
  return document;
}

/** The local day whose facts the document shows. */
function onDayOf({ settings, asOf }: Pick<Context, "settings" | "asOf">): ReadFor {
  return { asOf: civilDateIn(settings.TAX_LIENS_TIME_ZONE, asOf), settings };
}

async function passagesOf(
  { id, template }: Document,
  facts: unknown,
  { settings, transaction, signal, run, clock, asOf, callPolicy }: Context,
) {
  const record = (call: CallFacts) => {
    const createdAt = clock.now();
    return transaction((tx) =>
      insertLlmCall(tx, { ...call, id: rowId(createdAt), agent: "document", runId: run.id, createdAt }),
    );
  };
  // On the last attempt, or when the document has waited for long, the template's own words replace the model's.
  const isPatient = clock.now().getTime() - asOf.getTime() < LONGEST_WAIT_MS;
  const onOutage = run.attempt < run.maxAttempts && isPatient ? "wait" : "continue";
  const written = await writePassages(findTemplate(template), facts, {
    llm: configuredLlm(settings, callPolicy),
    record,
    signal,
    onOutage,
  });
  await transaction((tx) => savePassages(tx, id, facts, written));
  return written;
}

function failureOf({ id, recipient, template, reason }: Document, run: string): InAppNotice {
  return {
    recipient,
    type: "document.failed",
    severity: "WARN",
    title: `The ${inWords(template)} could not be written`,
    body: reason!,
    data: { document: id, run },
    dedupeKey: `document-failed:${run}`,
  };
}

async function store(
  container: BlobContainer,
  blob: string,
  contentType: string,
  content: Buffer,
  signal: AbortSignal,
): Promise<DocumentFile> {
  await container.write(blob, contentType, [Readable.from([content])], signal);
  return { blob, contentType, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}
