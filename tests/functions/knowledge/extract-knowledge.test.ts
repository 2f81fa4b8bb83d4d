import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { atomProposals, extractionRuns, messages, topicProposals } from "#data/knowledge/knowledge-schema.ts";
import { extractKnowledge } from "#functions/knowledge/extract-knowledge/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { addTopic } from "../../shared/services/knowledge/topics.ts";
import { type AdminApi, startAdminApi } from "../http/admin/admin-api.ts";

const NOW = "2026-03-10T12:00:00Z";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(() => {
  api = startAdminApi(database.url, [extractKnowledge], { clock: new TestClock(NOW) });
});
afterEach(async () => {
  await api.db.execute(sql`
    truncate platform.job_runs, platform.idempotency_keys, knowledge.topics, knowledge.atoms, knowledge.messages,
             knowledge.extraction_runs, reasoning.ai_llm_calls cascade`);
  await api.close();
});

interface Submitted {
  readonly extraction: string;
  readonly run: string;
  readonly known: number;
}
let count = 0;
const message = (text: string, given: object = {}) => ({ source: "chat", externalId: String(++count), text, ...given });
const submit = async (...given: object[]) =>
  (await api.call<Submitted>("POST", "api/knowledge/messages", { messages: given })).body;
const shown = async (id: string) => (await api.call("GET", `api/knowledge/extractions/${id}`)).body;
const topicRows = () => api.db.select().from(topicProposals).orderBy(topicProposals.id);
const atomRows = () => api.db.select().from(atomProposals).orderBy(atomProposals.id);

describe("the messages of a request", () => {
  it("become proposals of topics and atoms, and the extraction shows them", async () => {
    const { extraction, run } = await submit(
      message("# Backups\nDecision: we keep database backups for 35 days"),
      message("RPO means how much data a failure may lose"),
      message("🎉🎉"),
    );
    expect(await shown(extraction)).toMatchObject({ state: "queued", messages: { total: 3, waiting: 3 } });
    expect(await api.runner.execute(run)).toMatchObject({
      state: "succeeded",
      result: { runs: 1, topics_proposed: 1, atoms_proposed: 2 },
    });
    expect(await shown(extraction)).toMatchObject({
      state: "extracted",
      extractor: "rules",
      run,
      finishedAt: new Date(NOW).toISOString(),
      messages: { total: 3, extracted: 3, failed: 0, waiting: 0 },
      failures: [],
      proposals: { topics: { pending: 1, approved: 0 }, atoms: { pending: 2 } },
    });
    const [topic] = await topicRows();
    expect(topic).toMatchObject({ proposedName: "Backups", confidence: 0.96, status: "pending" });
    expect(await atomRows()).toMatchObject([
      { proposedContent: "we keep database backups for 35 days", confidence: 0.97, topicProposalId: topic!.id },
      { proposedTitle: "RPO", confidence: 0.9, topicProposalId: null, topicId: null },
    ]);
  });

  it("refer to a topic that exists, or waits for its review, without a second proposal", async () => {
    const id = await addTopic(api.db, "Backups");
    const first = await submit(message("# backups\nRule: keep one copy elsewhere"), message("# Restores"));
    await api.runner.execute(first.run);
    expect(await topicRows()).toMatchObject([{ proposedName: "Restores" }]);
    const second = await submit(message("# RESTORES\nRule: test one each month"));
    expect(await api.runner.execute(second.run)).toMatchObject({ result: { topics_proposed: 0, atoms_proposed: 1 } });
    const [waiting] = await topicRows();
    expect(await atomRows()).toMatchObject([
      { topicId: id, topicProposalId: null },
      { topicId: null, topicProposalId: waiting!.id },
    ]);
  });

  it("are extracted once, however many requests contain them", async () => {
    const same = message("Decision: we keep it");
    const first = await submit(same);
    const second = await submit(same, message("Decision: we keep that as well"));
    expect([first.known, second.known]).toEqual([0, 1]);
    // At the same time: the run that comes second finds the message extracted.
    await Promise.all([api.runner.execute(second.run), api.runner.execute(first.run)]);
    expect(await atomRows()).toHaveLength(2);
    expect(await shown(first.extraction)).toMatchObject({ messages: { extracted: 1 } });
    expect(await api.db.select().from(messages)).toHaveLength(2);
  });

  it("add nothing when the run is executed again", async () => {
    const { extraction, run } = await submit(message("# Backups\nDecision: we keep it"));
    await api.runner.execute(run);
    const input = { extractionId: extraction };
    const again = await api.enqueuer.enqueue(extractKnowledge, { input, trigger: "event", requestedBy: "a test" });
    expect(await api.runner.execute(again.id)).toMatchObject({
      state: "succeeded",
      result: { runs: 1, topics_proposed: 1, atoms_proposed: 1 },
    });
    expect([(await topicRows()).length, (await atomRows()).length]).toEqual([1, 1]);
  });

  it("that are gone fail the run at once, with the reason", async () => {
    const { run, extraction } = await submit(message("Decision: we keep it"));
    await api.db.delete(extractionRuns).where(eq(extractionRuns.id, extraction));
    expect(await api.runner.execute(run)).toMatchObject({
      state: "dead",
      attempt: 1,
      errors: [{ class: "validation" }],
    });
  });
});
