import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { expect, it } from "vitest";
import type { Db } from "#data/client.ts";
import { openRunsOf } from "#data/platform/job-state.ts";
import { openDatabase } from "#support/database.ts";

const { db } = await openDatabase();
const client = db.$client as unknown as Sql;

it("the open runs of a job with a long queue are read by their indexes: running ones, then the earliest", async () => {
  await db.execute(sql`
    insert into platform.job_runs (id, job_id, family, trigger, state, input, max_attempts, queued_at, not_before, correlation_id)
    select lpad(to_hex(n), 32, '0')::uuid, 'busy_job', 'busy', 'event', 'queued', '{}', 3, now(),
           timestamptz '2026-01-01' + n * interval '1 ms', 'c'
      from generate_series(1, 20000) n`);
  await db.execute(sql`
    update platform.job_runs set state = 'running', lease_holder = 'h', lease_expires_at = now() where id = lpad(to_hex(9000), 32, '0')::uuid`);
  await db.execute(sql`analyze platform.job_runs`);

  const plans: Promise<unknown>[] = [];
  const logged = drizzle(client, {
    logger: {
      logQuery: (text, values) => void plans.push(client.unsafe(`explain ${text}`, values as never[])),
    },
  }) as unknown as Db;
  const { running, waiting } = await openRunsOf(logged, "busy_job", 3);
  expect([...running, ...waiting].map(({ id }) => Number.parseInt(id.replaceAll("-", ""), 16))).toEqual([
    9_000, 1, 2, 3,
  ]);
  const text = JSON.stringify(await Promise.all(plans));
  expect(text).toContain("job_runs_due");
  expect(text).not.toContain("Seq Scan");
});
