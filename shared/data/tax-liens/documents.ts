import { and, asc, eq, gt, lt, ne } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import {
  type Document,
  type DocumentFile,
  type DocumentFormat,
  documents,
  type WrittenPassages,
} from "./document-schema.ts";

export type NewDocument = Pick<
  Document,
  "id" | "template" | "lienId" | "dealId" | "analysisRunId" | "facts" | "recipient" | "requestedBy" | "createdAt"
>;

export async function insertDocument(tx: Tx, document: NewDocument): Promise<void> {
  await tx.insert(documents).values(document);
}

export async function findDocument(db: Executor, id: string): Promise<Document | undefined> {
  const [found] = await db.select().from(documents).where(eq(documents.id, id));
  return found;
}

/** Stores the facts and passages of a document, so that a retry writes the same text. */
export async function savePassages(tx: Tx, id: string, facts: unknown, passages: WrittenPassages): Promise<void> {
  await tx.update(documents).set({ facts, passages }).where(eq(documents.id, id));
}

/** Stores the files of a document; it is ready and not archived. */
export async function recordFiles(
  tx: Tx,
  id: string,
  { title, files, now }: { title: string; files: Readonly<Record<DocumentFormat, DocumentFile>>; now: Date },
): Promise<void> {
  await tx
    .update(documents)
    .set({ state: "ready", reason: null, title, files, tier: "hot", generatedAt: now, archivedAt: null })
    .where(eq(documents.id, id));
}

/** @returns the document; undefined when it does not exist, or is ready: then it stays ready */
export async function failDocument(tx: Tx, id: string, reason: string): Promise<Document | undefined> {
  const [failed] = await tx
    .update(documents)
    .set({ state: "failed", reason })
    .where(and(eq(documents.id, id), ne(documents.state, "ready")))
    .returning();
  return failed;
}

/** Unarchived documents generated before an instant, by id. @param after the last document of the page before */
export async function documentsToArchive(
  db: Executor,
  before: Date,
  { after, limit }: { after: Pick<Document, "id"> | undefined; limit: number },
): Promise<Document[]> {
  return db
    .select()
    .from(documents)
    .where(
      and(eq(documents.tier, "hot"), lt(documents.generatedAt, before), after ? gt(documents.id, after.id) : undefined),
    )
    .orderBy(asc(documents.id))
    .limit(limit);
}

/** @returns false when the document was generated again in the meantime */
export async function markArchived(tx: Tx, { id, generatedAt }: Document, now: Date): Promise<boolean> {
  const rows = await tx
    .update(documents)
    .set({ tier: "cold", archivedAt: now })
    .where(and(eq(documents.id, id), eq(documents.generatedAt, generatedAt!)))
    .returning({ id: documents.id });
  return rows.length === 1;
}
