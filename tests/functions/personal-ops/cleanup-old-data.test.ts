import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { cleanupOldData } from "#functions/personal-ops/cleanup-old-data.ts";
import { openDatabase } from "#support/database.ts";
import { runJob } from "#support/run-job.ts";

const { db } = await openDatabase();
const ASKED = "2026-03-10T12:00:00Z";
const clean = (input = {}) => runJob(cleanupOldData, { db, asOf: ASKED, input });

async function counts(): Promise<unknown> {
  const [row] = await db.execute(sql`
    select (select json_agg(id order by id) from personal_ops.agent_audit_log where archived and action_type = 'manual') as audit,
           (select json_agg(id order by id) from personal_ops.retry_jobs where archived) as retries,
           (select json_agg(id order by id) from personal_ops.incidents where archived) as incidents,
           (select count(*) from personal_ops.agent_audit_log where action_type = 'manual')::integer as "allAudit",
           (select count(*) from personal_ops.retry_jobs)::integer as "allRetries",
           (select count(*) from personal_ops.incidents)::integer as "allIncidents"`);
  return row;
}

it("marks what is old and finished as archived, deletes nothing, and finds nothing when it runs again", async () => {
  const ago = (days: number) => sql`${ASKED}::timestamptz - ${days} * interval '1 day'`;
  await db.execute(sql`
    insert into personal_ops.agent_audit_log (at, action, action_type, actor, success)
    values (${ago(366)}, 'a', 'manual', 'a', true), (${ago(364)}, 'a', 'manual', 'a', true)`);
  await db.execute(sql`
    insert into personal_ops.retry_jobs (kind, payload, status, run_at, created_at, finished_at, last_error)
    values ('a', '{}', 'completed', ${ago(31)}, ${ago(31)}, ${ago(31)}, null), ('a', '{}', 'completed', ${ago(29)}, ${ago(29)}, ${ago(29)}, null),
           ('a', '{}', 'pending', ${ago(99)}, ${ago(99)}, null, null), ('a', '{}', 'dead', ${ago(99)}, ${ago(99)}, ${ago(99)}, 'no')`);
  await db.execute(sql`
    insert into personal_ops.incidents (type, key, severity, title, status, first_seen, last_seen, resolved_at, resolved_by)
    values ('a', '1', 'WARN', 't', 'resolved', ${ago(99)}, ${ago(99)}, ${ago(91)}, 'a'), ('a', '2', 'WARN', 't', 'resolved', ${ago(99)}, ${ago(99)}, ${ago(89)}, 'a'),
           ('a', '3', 'WARN', 't', 'open', ${ago(99)}, ${ago(99)}, null, null)`);
  expect((await clean()).result).toEqual({ auditEntries: 1, retryJobs: 1, incidents: 1 });
  const after = { audit: [1], retries: [1], incidents: [1], allAudit: 2, allRetries: 4, allIncidents: 3 };
  expect(await counts()).toEqual(after);
  expect((await clean()).result).toEqual({ auditEntries: 0, retryJobs: 0, incidents: 0 });
  expect((await clean({ incidentDays: 60 })).result).toEqual({ auditEntries: 0, retryJobs: 0, incidents: 1 });
});
