import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRun } from "#data/platform/job-runs.ts";
import { personalOps, platform } from "#functions/families.ts";
import { jobs } from "#functions/index.ts";
import { writes } from "#jobs";
import { applyControls } from "#operations/controls-change.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";
import { Log } from "#telemetry/log.ts";

/** Jobs that change no business data, each with what it does instead. All others declare the gate `writes`. */
const CHANGES_NO_BUSINESS_DATA: Readonly<Record<string, string>> = {
  rescue_stuck_runs: "takes over runs of dead processes: all jobs need it",
  dispatch_overdue_runs: "dispatches waiting runs: all jobs need it",
  check_data_freshness: "creates notifications to operators; `comms_enabled` stops their delivery",
  backup_database: "reads the database and writes files",
  cleanup_temp_files: "deletes temporary files on the machine of its run",
  rebuild_search_indices: "rebuilds indexes and changes no row",
  send_notification: "records deliveries; `comms_enabled` stops it",
  send_digest_email: "records that a mail has the notifications; `comms_enabled` stops it",
  process_retry_queue: "starts runs and creates notifications, which have gates of their own",
  health_monitor: "reads, and creates incidents and notifications to the person",
  run_watchers: "reads, and creates incidents and notifications to the person",
  daily_digest: "records what it sends; `comms_enabled` stops it",
  morning_call: "records the call; `comms_enabled` stops it",
};

/** Inputs of jobs that need one. */
const INPUTS: Readonly<Record<string, unknown>> = {
  fetch_etf: { symbol: "SPY" },
  refresh_etf: { symbol: "SPY" },
  sync_fx_historical: { startDate: "2026-01-02" },
  initialize_etf_pension: { pensionId: "0199aaaa-0000-7000-8000-000000000001" },
  ingest_county_liens: { countyId: "coconino-az" },
  undo_lien_ingestion: { countyId: "coconino-az", ingestionId: 1, reason: "a test" },
  delete_county: { countyId: "coconino-az", name: "Coconino", reason: "a test" },
  compute_deal_metrics: { lienId: 1 },
  run_analysis: { analysisRunId: "0199aaaa-0000-7000-8000-000000000002" },
  apply_analysis_decisions: {
    analysisRunId: "0199aaaa-0000-7000-8000-000000000002",
    decisions: [
      {
        dealId: 1,
        decision: "approved",
        reason: "a test",
        decidedBy: "user",
        decisionId: "0199aaaa-0000-7000-8000-000000000003",
      },
    ],
  },
  generate_document: { documentId: "0199aaaa-0000-7000-8000-000000000004" },
  extract_knowledge: { extractionId: "0199aaaa-0000-7000-8000-000000000005" },
};

/** Without them the jobs of these sources are skipped before any other gate. */
const SETTINGS = {
  NOTION_TOKEN: "a token",
  NOTION_DATA_SOURCES: "4ee04178-60dc-4b13-a1ea-14e3b9661a33",
  N8N_BASE_URL: "http://127.0.0.1:9",
  N8N_API_KEY: "a key",
  HUBSPOT_TOKEN: "a token",
};

const gated = jobs.filter(({ gates }) => gates.includes(writes));

it("every job declares the write gate, or is on the list of those that change no business data", () => {
  const others = jobs.filter((job) => !gated.includes(job));
  expect(others.map(({ id }) => id).toSorted()).toEqual(Object.keys(CHANGES_NO_BUSINESS_DATA).toSorted());
  for (const { id, family } of others) expect([platform, personalOps], id).toContain(family);
});

describe("while writing is switched off", () => {
  let database: TestDatabase;
  let app: TestProcess;
  beforeAll(async () => {
    database = await migratedDatabase();
    app = startProcess(database.url, jobs, { env: SETTINGS });
    await turn({ writeEnabled: false });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const turn = (flags: { writeEnabled: boolean }) =>
    applyControls(
      { ...app, log: new Log(() => undefined) },
      { scope: "all", flags },
      { families: [], who: "a test", reason: "a test" },
    );

  it.each(gated.map((job) => [job.id, job] as const))("a run of %s writes nothing and waits", async (id, job) => {
    const request = { input: INPUTS[id] ?? {}, trigger: "event", requestedBy: "a test" } as const;
    const { id: runId } = await app.enqueuer.enqueue(unchecked(job), request);
    const before = await contents();
    expect(await app.runner.execute(runId)).toBeUndefined();
    const run = await findRun(app.db, runId);
    expect(run).toMatchObject({ state: "queued", attempt: 0, startedAt: null, reasonCode: "write-disabled" });
    expect(await contents()).toEqual(before);
  });

  it("each of them can start when writing is switched on again", async () => {
    app.dispatched.length = 0;
    await turn({ writeEnabled: true });
    expect(new Set(app.dispatched.map(({ jobId }) => jobId))).toEqual(new Set(gated.map(({ id }) => id)));
  });

  /** A digest of each table, without the ledger and the audit of waiting runs, which have the reason for waiting. */
  async function contents(): Promise<Record<string, unknown>> {
    const tables = await app.db.execute<{ name: string }>(`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname in ('platform', 'portfolio', 'tasks', 'tax_liens', 'reasoning', 'knowledge', 'personal_ops') and tablename not in ('job_runs', 'agent_audit_log')`);
    const digests = await app.db.execute(
      `select ${[...tables].map(({ name }, i) => `(select md5(string_agg(t::text, ',' order by t::text)) from ${name} t) as t${i}`).join()}`,
    );
    return digests[0]!;
  }
});
