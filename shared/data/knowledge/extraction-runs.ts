import { and, count, eq, isNotNull, isNull, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import {
  atomProposals,
  extractionMessages,
  type ExtractionRun,
  extractionRuns,
  messages,
  topicProposals,
} from "./knowledge-schema.ts";

export type NewExtraction = Pick<ExtractionRun, "id" | "runId" | "requestedBy" | "createdAt">;

export async function insertExtraction(tx: Tx, extraction: NewExtraction): Promise<void> {
  await tx.insert(extractionRuns).values(extraction);
}

export async function findExtraction(db: Executor, id: string): Promise<ExtractionRun | undefined> {
  const [found] = await db.select().from(extractionRuns).where(eq(extractionRuns.id, id));
  return found;
}

/**
 * Opens an extraction for a run of its job. A failed one starts again, with the messages that it could not read.
 * @returns undefined when it does not exist
 */
export async function beginExtraction(
  tx: Tx,
  { id, runId }: { id: string; runId: string },
): Promise<ExtractionRun | undefined> {
  const [found] = await tx.select().from(extractionRuns).where(eq(extractionRuns.id, id)).for("update");
  if (!found || found.state === "extracted") return found;
  if (found.state === "failed") {
    await tx.update(extractionMessages).set({ failure: null }).where(eq(extractionMessages.extractionRunId, id));
  }
  const [opened] = await tx
    .update(extractionRuns)
    .set({ state: "queued", runId, error: null, finishedAt: null })
    .where(eq(extractionRuns.id, id))
    .returning();
  return opened;
}

/** @param extractor what read the messages */
export async function completeExtraction(
  tx: Tx,
  id: string,
  { extractor, now }: { extractor: string; now: Date },
): Promise<void> {
  await tx
    .update(extractionRuns)
    .set({ state: "extracted", extractor, error: null, finishedAt: now })
    .where(eq(extractionRuns.id, id));
}

/** Marks the extraction of a run as failed. A finished one stays as it is, and so does one that another run has. */
export async function failExtraction(
  tx: Tx,
  { id, runId, error, now }: { id: string; runId: string; error: string; now: Date },
): Promise<void> {
  await tx
    .update(extractionRuns)
    .set({ state: "failed", error, finishedAt: now })
    .where(and(eq(extractionRuns.id, id), eq(extractionRuns.runId, runId), eq(extractionRuns.state, "queued")));
}

/** The proposals of an extraction by status. */
export async function countProposals(
  db: Executor,
  id: string,
): Promise<Readonly<Record<"topics" | "atoms", Readonly<Record<string, number>>>>> {
  const [topics, atoms] = await Promise.all(
    [topicProposals, atomProposals].map(async (table) => {
      const rows = await db
        .select({ status: table.status, count: count() })
        .from(table)
        .where(eq(table.extractionRunId, id))
        .groupBy(table.status);
      return Object.fromEntries(rows.map((row) => [row.status, row.count]));
    }),
  );
  return { topics: topics!, atoms: atoms! };
}

/** How many messages an extraction has, and what came of them. */
export async function countMessages(
  db: Executor,
  id: string,
): Promise<{ total: number; extracted: number; failed: number }> {
  const [counts] = await db
    .select({
      total: count(),
      extracted: count(messages.extractedAt),
      failed:
        sql<number>`count(*) filter (where ${messages.extractedAt} is null and ${extractionMessages.failure} is not null)`.mapWith(
          Number,
        ),
    })
    .from(extractionMessages)
    .innerJoin(messages, eq(messages.id, extractionMessages.messageId))
    .where(eq(extractionMessages.extractionRunId, id));
  return counts!;
}

/** A message that an extraction could not read. */
export interface MessageFailure {
  readonly source: string;
  readonly externalId: string;
  readonly reason: string;
}

/** The messages that an extraction could not read, in the order of the request. */
export async function messageFailures(db: Executor, id: string, limit: number): Promise<MessageFailure[]> {
  const rows = await db
    .select({ source: messages.source, externalId: messages.externalId, reason: extractionMessages.failure })
    .from(extractionMessages)
    .innerJoin(messages, eq(messages.id, extractionMessages.messageId))
    .where(
      and(
        eq(extractionMessages.extractionRunId, id),
        isNotNull(extractionMessages.failure),
        isNull(messages.extractedAt),
      ),
    )
    .orderBy(extractionMessages.position)
    .limit(limit);
  return rows.map((row) => ({ ...row, reason: row.reason! }));
}
