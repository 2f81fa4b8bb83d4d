import { afterEach, expect, it } from "vitest";
import { topics } from "#data/knowledge/knowledge-schema.ts";
import { autoReviewProposals } from "#functions/knowledge/auto-review-proposals.ts";
import { deduplicationScan } from "#functions/knowledge/deduplication-scan.ts";
import { jobs } from "#functions/knowledge/index.ts";
import { proposalMetricsUpdate } from "#functions/knowledge/proposal-metrics-update.ts";
import type { Job } from "#jobs";
import type { LiveEvent } from "#realtime/live-event.ts";
import { openRealtime } from "#realtime/realtime.ts";
import { realtimeObserver } from "#realtime/realtime-observer.ts";
import { KNOWLEDGE_EVENTS, knowledgeEvent, type KnowledgeEventType } from "#rules/knowledge/knowledge-events.ts";
import { Runner } from "#runner/runner.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aTopic } from "#support/knowledge.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";
import { connectedClient, inbox, startedEmulator } from "#support/web-pubsub.ts";
import { Log } from "#telemetry/log.ts";
import { startAdminApi } from "../http/admin/admin-api.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
const { url, db } = await openDatabase({ poolMax: 8 });
afterEach(() =>
  emptyTables(db, [
    "knowledge.topics",
    "knowledge.atoms",
    "knowledge.extraction_runs",
    "knowledge.messages",
    "knowledge.audit_trail",
    "knowledge.proposal_metrics",
    "platform.job_runs",
  ]),
);

/** The channels of the review on a Web PubSub emulator, and the events that reach a subscriber. */
async function subscribed() {
  const emulator = await startedEmulator();
  const realtime = openRealtime({
    connectionString: emulator.connectionString,
    hub: "rota",
    log: new Log(() => undefined),
  });
  const channels = ["knowledge_proposals", "system_notifications"];
  const access = await realtime.negotiate({ userId: "ann", channels, minutes: 5 });
  const client = await connectedClient(access!.url);
  const events = inbox<LiveEvent>();
  client.on("group-message", ({ message }) => {
    for (const event of message.data as unknown as readonly LiveEvent[]) events.put(event);
  });
  return { realtime, events };
}

it("messages become proposals, duplicates are flagged, the certain ones are approved, and the metrics show it", async () => {
  const { realtime, events } = await subscribed();
  const clock = new TestClock(NOW);
  const api = startAdminApi(url, jobs, { db, clock });
  const runner = new Runner({ ...api.dependencies, observer: realtimeObserver(realtime, clock) });
  const execute = async (id: string) => {
    const run = await runner.execute(id);
    expect(run).toMatchObject({ state: "succeeded", errors: [] });
    return run!.result;
  };
  const start = async (job: Job) =>
    execute((await api.enqueuer.enqueue(unchecked(job), { input: {}, trigger: "manual", requestedBy: "a test" })).id);

  await aTopic(db, "Restores");
  const extract = async (externalId: string, text: string) => {
    const messages = [{ source: "chat", externalId, text }];
    const { body } = await api.call<{ run: string }>("POST", "api/knowledge/messages", { messages });
    return (await execute(body.run)) as { topics_proposed: number; atoms_proposed: number };
  };
  const first = await extract("1", "# Backups\n\nDecision: we keep backups for 35 days.\n");
  const second = await extract("2", "Decision: We keep backups for 35 days!");
  expect([first, second]).toMatchObject([
    { topics_proposed: 1, atoms_proposed: 1 },
    { topics_proposed: 0, atoms_proposed: 1 },
  ]);

  expect(await start(deduplicationScan)).toMatchObject({ proposals_scanned: 3 });
  const reviewed = (await start(autoReviewProposals)) as { topics_approved: number; atoms_approved: number };
  // Two messages have the same decision: one atom is approved, its twin is flagged.
  expect(reviewed).toMatchObject({ topics_approved: 1, atoms_approved: 1, errors: 0 });
  const metrics = (await start(proposalMetricsUpdate)) as Record<"topics" | "atoms", { approved: number }>;
  expect([metrics.topics.approved, metrics.atoms.approved]).toEqual([1, 1]);

  const shown = await api.call<{ proposals: { similar: { type: string } | null }[] }>(
    "GET",
    "api/knowledge/proposals?kind=atom&flagged=true",
  );
  expect(shown.body.proposals.map(({ similar }) => similar!.type)).toEqual(["pending_twin"]);

  const isOf = (type: KnowledgeEventType) => events.all.filter((event) => event.type === type);
  while (isOf("proposals.metrics_updated").length === 0) await events.nth(events.all.length + 1);
  expect(isOf("proposal.auto_approved")).toHaveLength(2);
  expect(isOf("proposal.duplicate_detected")).toHaveLength(1);
  for (const { type, channel, data } of events.all) {
    const described = KNOWLEDGE_EVENTS[type as KnowledgeEventType];
    expect(channel).toBe(described.channel);
    expect(described.data.parse(data)).toEqual(data);
  }
  await realtime.close();
});

it("with the automatic review switched off nothing is approved, and the result says so", async () => {
  const off = { KNOWLEDGE_AUTO_APPROVAL_ENABLED: "false" };
  const app = startProcess(url, [autoReviewProposals], { db, clock: new TestClock(NOW), env: off });
  const asked = { input: {}, trigger: "manual", requestedBy: "a test" } as const;
  const run = await app.runner.execute((await app.enqueuer.enqueue(autoReviewProposals, asked)).id);
  expect(run!.result).toMatchObject({ topics_approved: 0, atoms_approved: 0, skipped: "disabled" });
  expect(await db.$count(topics)).toBe(0);
});

it("an event of a transaction that rolls back reaches no subscriber, one that commits does", async () => {
  const { realtime, events } = await subscribed();
  const { publish } = realtimeObserver(realtime, new TestClock(NOW));
  const event = (totalExpired: number) => {
    const runId = "019f0000-0000-7000-8000-000000000001";
    const counts = { topicsExpired: totalExpired, atomsExpired: 0, totalExpired };
    return knowledgeEvent("proposals.expired", { ...counts, expirationDays: 30, runId });
  };
  const failed = db.transaction(async (tx) => {
    publish(tx, [event(1)]);
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  await db.transaction(async (tx) => {
    publish(tx, [event(2)]);
  });
  expect(await events.nth(1)).toMatchObject({ type: "proposals.expired", data: { totalExpired: 2 } });
  await realtime.close();
  expect(events.all).toHaveLength(1);
});
