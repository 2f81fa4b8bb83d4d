import { afterEach, expect, it } from "vitest";
import { recordKnowledgeAudit } from "#data/knowledge/audit-trail.ts";
import { auditTrail } from "#data/knowledge/knowledge-schema.ts";
import { openDatabase } from "#support/database.ts";

const NOW = new Date("2026-06-01T12:00:00.123Z");
const { db } = await openDatabase();
afterEach(() => db.delete(auditTrail));

it("stores each entry with what it says, and null for what it leaves out", async () => {
  const runId = crypto.randomUUID();
  const rejected = { at: NOW, who: "mara", action: "reject", subjectType: "topic_proposal", subjectId: 7 } as const;
  await recordKnowledgeAudit(db, [
    { ...rejected, reason: 'no "news", only {noise}', before: { status: "pending" }, after: { status: "rejected" } },
    { ...rejected, action: "delete", subjectType: "extraction_run", subjectId: runId, runId },
  ]);
  expect(await db.select().from(auditTrail).orderBy(auditTrail.id)).toMatchObject([
    { ...rejected, subjectId: "7", reason: 'no "news", only {noise}', runId: null, after: { status: "rejected" } },
    { action: "delete", subjectId: runId, runId, reason: null, before: null, after: null },
  ]);
});

it("stores many entries at once, and none for an empty list", async () => {
  const entries = Array.from({ length: 10_000 }, (_, subjectId) => ({
    at: NOW,
    who: "expire_stale_proposals",
    action: "expire",
    subjectType: "atom_proposal" as const,
    subjectId,
  }));
  await recordKnowledgeAudit(db, entries);
  await recordKnowledgeAudit(db, []);
  expect(await db.$count(auditTrail)).toBe(10_000);
});

it("is undone with its transaction", async () => {
  const entry = { at: NOW, who: "mara", action: "reject", subjectType: "atom", subjectId: 1 } as const;
  const failed = db.transaction(async (tx) => {
    await recordKnowledgeAudit(tx, [entry]);
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  expect(await db.$count(auditTrail)).toBe(0);
});
