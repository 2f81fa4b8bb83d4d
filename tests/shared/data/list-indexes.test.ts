import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { beforeAll, expect, it } from "vitest";
import type { Db, Tx } from "#data/client.ts";
import { listProposals } from "#data/knowledge/list-proposals.ts";
import { type OldRows, readOldRows } from "#data/old-rows.ts";
import { archiveAgentAudit, listAgentAudit } from "#data/personal-ops/agent-audit.ts";
import { readHealthFacts } from "#data/personal-ops/health-facts.ts";
import { archiveIncidents } from "#data/personal-ops/incidents.ts";
import { archiveRetryJobs, dueRetryJobs, listDeadLetterJobs, listRetryJobs } from "#data/personal-ops/retry-jobs.ts";
import { listAudit } from "#data/platform/audit-log.ts";
import { lastBackfill } from "#data/platform/backfills.ts";
import { deadRunIds, listDeadMessages } from "#data/platform/dead-letters.ts";
import { countDiscardedRuns, discardedRunIds } from "#data/platform/discarded-runs.ts";
import { listRuns } from "#data/platform/job-runs.ts";
import { oldAuditEntries, oldBackfills, oldDeadMessages, oldEffects } from "#data/platform/platform-retention.ts";
import { lockChains, repeatableRuns } from "#data/platform/run-repeats.ts";
import { listEtfUpdates } from "#data/portfolio/etf-updates.ts";
import { listUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { heldPoints, listSuspectPoints, unsettledRateDays } from "#data/portfolio/suspect-points.ts";
import { listTasks } from "#data/tasks/tasks.ts";
import { oldIngestions } from "#data/tax-liens/ingestion-retention.ts";
import { listLiens } from "#data/tax-liens/liens.ts";
import { oldEpisodes, oldLlmCalls } from "#data/tax-liens/reasoning-retention.ts";
import { openDatabase } from "#support/database.ts";

/** A page reads no more rows of its table than this, of 20,000. */
const MOST_ROWS = 2_500;
const PAGE = 50;

const { db } = await openDatabase();
const client = db.$client as unknown as Sql;
const statements: { text: string; values: unknown[] }[] = [];
const logged = drizzle(client, {
  logger: { logQuery: (text, values) => void statements.push({ text, values }) },
}) as unknown as Db;

// The rows that a page asks for are old and few, behind many newer ones: the order by id alone finds them last.
beforeAll(async () => {
  await db.execute(sql`
    insert into platform.job_runs (id, job_id, family, trigger, state, input, max_attempts, queued_at, finished_at, correlation_id, reason)
    select lpad(to_hex(n), 32, '0')::uuid, case when n <= 60 then 'rare_job' else 'job_' || n % 20 end,
           case when n <= 60 then 'rare' else 'common' end, 'manual', case when n between 30 and 90 then 'cancelled' else 'succeeded' end,
           '{}', 1, now(), now(), 'c', 'r'
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into tasks.tasks (id, owner, title, created_at, series_id, status, completed_at, tags, due_date, time_zone)
    select lpad(to_hex(n), 32, '0')::uuid, 'user:' || n % 500, 't', now(), case when n <= 60 then lpad('a', 32, '0')::uuid end,
           case when n <= 60 then 'open' else 'completed' end, case when n > 60 then now() end,
           case when n <= 60 then array['rare', 'common'] else array['common'] end,
           '2026-01-01'::timestamptz + n * interval '1 minute', 'UTC'
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into tax_liens.counties (id, name, state, time_zone, source, rule_set, created_at, updated_at)
    select 'county-' || n, 'n', 'AZ', 'UTC', '{}', 'other', now(), now() from generate_series(0, 20) n`);
  await db.execute(sql`
    with property as (
      insert into tax_liens.properties (county_id, parcel_id, created_at, updated_at)
      select 'county-' || n, 'p', now(), now() from generate_series(0, 20) n returning id, county_id)
    insert into tax_liens.liens (county_id, tax_year, identity, property_id, face_amount, content_hash, created_at, updated_at, status)
    select county_id, 2024, n::text, id, 1, gen_random_uuid(), now(), now(), case when n <= 60 then 'redeemed' else 'available' end
      from generate_series(1, 20000) n
      join property on county_id = case when n <= 60 then 'county-0' else 'county-' || 1 + n % 20 end
     order by n`);
  await db.execute(sql`
    insert into platform.audit_log (at, who, action, subject)
    select '2026-01-01'::timestamptz + n * interval '1 minute', 'w', case when n <= 60 then 'rare' else 'common' end, 's' || n % 500
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into platform.dead_messages (id, queue, body, reason, received_at, resolved_at)
    select lpad(to_hex(n), 32, '0')::uuid, 'q', 'b', 'r', '2026-01-01'::timestamptz + n * interval '1 minute', case when n > 60 then now() end
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into platform.backfills (id, job_id, from_slot, to_slot, state, requested_by, requested_at, ended_at)
    select lpad(to_hex(n), 32, '0')::uuid, case when n <= 60 then 'rare' else 'job' end, now(), now(), 'done', 'w', now(),
           '2026-01-01'::timestamptz + n * interval '1 minute'
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into platform.effects (key, state, run_id, intended_at, settled_at)
    select n, 'done', gen_random_uuid(), at, at
      from generate_series(1, 20000) n, lateral (select '2026-01-01'::timestamptz + n * interval '1 minute' as at) t`);
  await db.execute(sql`
    insert into portfolio.etf_updates (run_id, kind, state, error, requested_at, finished_at)
    select gen_random_uuid(), 'fetch', case when n <= 60 then 'failed' else 'succeeded' end, case when n <= 60 then 'e' end, at, at
      from generate_series(1, 20000) n, lateral (select '2026-01-01'::timestamptz + n * interval '1 minute' as at) t`);
  await db.execute(sql`
    insert into portfolio.exchange_rate_updates (run_id, kind, state, error, requested_at, finished_at)
    select gen_random_uuid(), 'latest', case when n <= 60 then 'failed' else 'succeeded' end, case when n <= 60 then 'e' end, at, at
      from generate_series(1, 20000) n, lateral (select '2026-01-01'::timestamptz + n * interval '1 minute' as at) t`);
  await db.execute(sql`
    insert into portfolio.suspect_points (kind, subject, date, value, source, rule, reason, found_at, state, resolution, resolved_by, resolved_at)
    select 'rate', case when n <= 60 then 'CHF' else 'S' || n % 500 end, '2000-01-01'::date + n, 1, 's', 'jump', 'r', now(),
           case when n <= 60 then 'held' else 'rejected' end, case when n > 60 then 'r' end, case when n > 60 then 'a' end,
           case when n > 60 then now() end
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into tax_liens.lien_ingestions (run_id, county_id, state, started_at, finished_at)
    select gen_random_uuid(), 'county-' || n % 21, 'succeeded', at, at
      from generate_series(1, 20000) n, lateral (select '2026-01-01'::timestamptz + n * interval '1 minute' as at) t`);
  await db.execute(sql`
    insert into reasoning.ai_llm_calls (id, agent, run_id, model, prompt_sha256, latency_ms, outcome, created_at)
    select gen_random_uuid(), 'a', gen_random_uuid(), 'm', 's', 1, 'answered', '2026-01-01'::timestamptz + n * interval '1 minute'
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    with episode as (
      insert into reasoning.ai_agent_episodes (id, agent, goal, request, requested_by, created_at)
      select gen_random_uuid(), 'a', 'g', '{}', 'w', '2026-01-01'::timestamptz + n * interval '1 minute'
        from generate_series(1, 20000) n returning id, created_at)
    insert into reasoning.ai_agent_steps (episode_id, number, name, outcome, message, facts, started_at, finished_at)
    select id, 1, 's', 'done', 'm', '{}', created_at, created_at from episode`);
  await db.execute(sql`
    with run as (
      insert into knowledge.extraction_runs (id, requested_by, created_at)
      select lpad(to_hex(n), 32, '0')::uuid, 'w', now() from generate_series(1, 500) n returning id)
    insert into knowledge.topic_proposals
      (extraction_run_id, confidence, proposed_name, exact_key, content_hash, created_at, status, reviewed_at,
       similarity_type, similarity_score)
    select lpad(to_hex(1 + n % 500), 32, '0')::uuid, 0.5, 'n' || n, sha256(n::text::bytea), sha256(n::text::bytea), now(),
           case when n <= 10000 then 'pending' else 'rejected' end, case when n > 10000 then now() end,
           case when n <= 60 then 'semantic' end, case when n <= 60 then 0.9 end
      from (select count(*) from run) made, generate_series(1, 20000) n order by n`);
  await db.execute(sql`
    insert into personal_ops.agent_audit_log (at, action, action_type, actor, run_id, success, archived)
    select '2026-01-01'::timestamptz + n * interval '1 minute', case when n <= 60 then 'rare' else 'common' end,
           case when n <= 60 then 'manual' else 'job' end, 'a', gen_random_uuid(), true, n % 2 = 0
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into personal_ops.retry_jobs (kind, payload, status, run_at, created_at, finished_at, last_error)
    select 'k', '{}', case when n <= 60 then 'pending' when n <= 10000 then 'completed' else 'dead' end, at, at, case when n > 60 then at end,
           case when n > 10000 then 'e' end
      from generate_series(1, 20000) n, lateral (select '2026-01-01'::timestamptz + n * interval '1 minute' as at) t`);
  await db.execute(sql`
    insert into personal_ops.dead_letter_jobs (retry_job_id, kind, payload, error, attempts, died_at, resolved_at, resolution, resolved_by)
    select id, 'k', '{}', 'e', 5, run_at, case when id > 60 then run_at end, case when id > 60 then 'dismissed' end,
           case when id > 60 then 'a' end from personal_ops.retry_jobs`);
  await db.execute(sql`
    insert into personal_ops.incidents (type, key, severity, title, status, first_seen, last_seen, resolved_at, resolved_by)
    select 't', n, 'WARN', 't', 'resolved', at, at, at, 'a'
      from generate_series(1, 20000) n, lateral (select '2026-01-01'::timestamptz + n * interval '1 minute' as at) t`);
  await db.execute(sql`vacuum analyze`);
});

const RETRY = { after: null, begunAt: new Date(), limit: PAGE };
const LAST = "00000000-0000-0000-0000-000000000040";
const DAY_END = new Date("2026-01-14T12:00:00Z");
/** The oldest 60 of 20,000 rows. */
const BEFORE = new Date("2026-01-01T01:00:30Z");
const old = (rows: OldRows) => () => readOldRows(logged, rows, { rows: 5_000, bytes: 1_000_000_000 });

const pages: readonly { what: string; read: () => Promise<unknown> }[] = [
  { what: "liens of a county", read: () => listLiens(logged, { county: "county-0", limit: PAGE }) },
  {
    what: "liens of a county behind many others",
    read: () => listLiens(logged, { county: "county-20", after: 9_000, limit: PAGE }),
  },
  { what: "liens by status", read: () => listLiens(logged, { status: "redeemed", after: 5, limit: PAGE }) },
  {
    what: "liens of a county by status",
    read: () => listLiens(logged, { county: "county-0", status: "redeemed", limit: PAGE }),
  },
  { what: "liens", read: () => listLiens(logged, { after: 9_000, limit: PAGE }) },
  {
    what: "tasks of a series",
    read: () => listTasks(logged, { seriesId: "00000000-0000-0000-0000-00000000000a", limit: PAGE }),
  },
  { what: "tasks by status", read: () => listTasks(logged, { status: "open", limit: PAGE }) },
  { what: "tasks with a rare tag", read: () => listTasks(logged, { tag: "rare", limit: PAGE }) },
  { what: "tasks with a frequent tag", read: () => listTasks(logged, { tag: "common", limit: PAGE }) },
  { what: "tasks of an owner", read: () => listTasks(logged, { owner: "user:7", limit: PAGE }) },
  {
    what: "tasks due before a day",
    read: () => listTasks(logged, { dueBefore: new Date("2026-01-01T01:00:00Z"), limit: PAGE }),
  },
  { what: "runs", read: () => listRuns(logged, { limit: PAGE }) },
  { what: "runs of a job", read: () => listRuns(logged, { jobId: "rare_job", limit: PAGE }) },
  { what: "runs by state", read: () => listRuns(logged, { state: "cancelled", limit: PAGE }) },
  { what: "runs by a state without runs", read: () => listRuns(logged, { state: "retrying", limit: PAGE }) },
  { what: "runs of a family", read: () => listRuns(logged, { family: "rare", limit: PAGE }) },
  {
    what: "runs of a family by state",
    read: () => listRuns(logged, { family: "rare", state: "cancelled", limit: PAGE }),
  },
  {
    what: "cancelled runs of a family to retry",
    read: () => discardedRunIds(logged, { state: "cancelled", family: "rare" }, RETRY),
  },
  {
    what: "cancelled runs of a job to retry",
    read: () => discardedRunIds(logged, { state: "cancelled", jobId: "rare_job" }, RETRY),
  },
  {
    what: "a later page of runs to retry",
    read: () => discardedRunIds(logged, { state: "cancelled", since: new Date(0) }, { ...RETRY, after: LAST }),
  },
  {
    what: "skipped runs to retry",
    read: () => discardedRunIds(logged, { state: "skipped", since: new Date(0) }, RETRY),
  },
  { what: "dead runs to replay", read: () => deadRunIds(logged, { which: "open", family: "rare" }, RETRY) },
  {
    what: "the number of runs to retry",
    read: () => countDiscardedRuns(logged, { state: "cancelled", family: "rare" }),
  },
  { what: "the state of chains", read: () => repeatableRuns(logged, [LAST]) },
  { what: "the runs of chains, to lock them", read: () => logged.transaction((tx) => lockChains(tx, [LAST])) },
  { what: "audit entries by action", read: () => listAudit(logged, { action: "rare", limit: PAGE }) },
  { what: "audit entries of a subject", read: () => listAudit(logged, { subject: "s7", limit: PAGE }) },
  {
    what: "audit entries since an instant",
    read: () => listAudit(logged, { since: new Date("2026-01-14T21:00:00Z"), limit: 100 }),
  },
  { what: "open dead messages", read: () => listDeadMessages(logged, { which: "open", limit: PAGE }) },
  { what: "the last backfill of a job", read: () => lastBackfill(logged, "rare") },
  {
    what: "updates of ETFs in the middle",
    read: () => listEtfUpdates(logged, { after: { requestedAt: DAY_END, id: 7 }, limit: PAGE }),
  },
  { what: "failed updates of ETFs", read: () => listEtfUpdates(logged, { state: "failed", limit: PAGE }) },
  {
    what: "updates of exchange rates in the middle",
    read: () => listUpdates(logged, { after: { requestedAt: DAY_END, id: 7 }, limit: PAGE }),
  },
  { what: "failed updates of exchange rates", read: () => listUpdates(logged, { state: "failed", limit: PAGE }) },
  { what: "suspect points that are held back", read: () => listSuspectPoints(logged, { state: "held", limit: PAGE }) },
  {
    what: "suspect points of a subject",
    read: () => listSuspectPoints(logged, { kind: "rate", subject: "CHF", limit: PAGE }),
  },
  {
    what: "suspect points of a subject of any kind",
    read: () => listSuspectPoints(logged, { subject: "CHF", limit: PAGE }),
  },
  { what: "suspect points in the middle", read: () => listSuspectPoints(logged, { before: 5_000, limit: PAGE }) },
  { what: "held points by subject", read: () => heldPoints(logged, "rate") },
  {
    what: "days with unsettled rates",
    read: () => unsettledRateDays(logged, { from: "2000-01-01", to: "2000-03-30" }),
  },
  { what: "proposals", read: () => listProposals(logged, "topic", { before: 9_000, limit: PAGE }) },
  {
    what: "pending proposals behind many others",
    read: () => listProposals(logged, "topic", { status: "pending", limit: PAGE }),
  },
  {
    what: "flagged proposals by status",
    read: () => listProposals(logged, "topic", { status: "pending", flagged: true, limit: PAGE }),
  },
  { what: "flagged proposals", read: () => listProposals(logged, "topic", { flagged: true, limit: PAGE }) },
  {
    what: "proposals of an extraction",
    read: () => listProposals(logged, "topic", { run: "00000000-0000-0000-0000-000000000001", limit: PAGE }),
  },
  { what: "entries of the agent audit", read: () => listAgentAudit(logged, { limit: PAGE }) },
  {
    what: "entries of the agent audit of an action",
    read: () => listAgentAudit(logged, { action: "rare", limit: PAGE }),
  },
  {
    what: "entries of the agent audit by type",
    read: () => listAgentAudit(logged, { actionType: "manual", before: { at: DAY_END, id: 1 }, limit: PAGE }),
  },
  { what: "entries of the agent audit of a run", read: () => listAgentAudit(logged, { runId: LAST, limit: PAGE }) },
  { what: "due retry jobs", read: () => dueRetryJobs(logged, DAY_END, PAGE) },
  { what: "pending retry jobs", read: () => listRetryJobs(logged, { status: "pending", limit: PAGE }) },
  { what: "open dead letters of retry jobs", read: () => listDeadLetterJobs(logged, { which: "open", limit: PAGE }) },
  { what: "agent audit to archive", read: () => archiveAgentAudit(logged as unknown as Tx, BEFORE, 50) },
  { what: "retry jobs to archive", read: () => archiveRetryJobs(logged as unknown as Tx, DAY_END, 50) },
  { what: "incidents to archive", read: () => archiveIncidents(logged as unknown as Tx, BEFORE, 50) },
  {
    what: "the facts of the health monitor",
    read: () => readHealthFacts(logged, { now: DAY_END, longestRunMs: 30_000 }),
  },
  { what: "old audit entries", read: old(oldAuditEntries(BEFORE)) },
  { what: "old dead messages", read: old(oldDeadMessages(BEFORE)) },
  { what: "old backfills", read: old(oldBackfills(BEFORE)) },
  { what: "old effects", read: old(oldEffects(BEFORE)) },
  { what: "old ingestions", read: old(oldIngestions(BEFORE)) },
  { what: "old calls of language models", read: old(oldLlmCalls(BEFORE)) },
  { what: "old episodes", read: old(oldEpisodes(BEFORE)) },
];

it.each(pages)("$what: an index finds them", async ({ read }) => {
  statements.length = 0;
  await read();
  const most = await Promise.all(statements.map(mostRowsRead));
  expect(most).toHaveLength(1);
  expect(most[0]!.rows, JSON.stringify(most[0]!.plan, null, 1)).toBeLessThan(MOST_ROWS);
});

interface Plan {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** The most rows that one node of the executed plan reads. */
async function mostRowsRead({ text, values }: { text: string; values: unknown[] }) {
  const [row] = await client.unsafe(`explain (analyze, format json) ${text}`, values as never[]);
  const [{ Plan: plan }] = (row as unknown as { "QUERY PLAN": [{ Plan: Plan }] })["QUERY PLAN"];
  return { rows: readBy(plan), plan };
}

function readBy(plan: Plan): number {
  const own = (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)) * plan["Actual Loops"];
  return Math.max(own, ...(plan.Plans ?? []).map(readBy));
}
