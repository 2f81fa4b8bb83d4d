import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Notification, notificationDeliveries, notifications } from "#data/platform/notification-schema.ts";
import type { Run, RunState } from "#data/platform/platform-schema.ts";
import { pruneRunLedger } from "#functions/platform/prune-run-ledger.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { lockWait } from "#support/lock-wait.ts";
import { type Program, startProgram } from "#support/program.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { holdRequest } from "./held-requests.ts";

const NOW = "2026-03-10T01:30:00Z";
const CHILD = new URL("./prune-run-ledger.child.ts", import.meta.url);

let database: TestDatabase;
let storage: TestStorage;
beforeAll(async () => {
  [database, storage] = await Promise.all([migratedDatabase(), startTestStorage()]);
});
afterAll(async () => {
  await Promise.all([database.drop(), storage.stop()]);
});

let app: TestProcess;
beforeEach(() => {
  app = startProcess(database.url, [pruneRunLedger], {
    clock: new TestClock(NOW),
    env: { AzureWebJobsStorage: storage.connectionString },
  });
});
afterEach(async () => {
  await app.db.execute(sql`truncate platform.job_runs`);
  await app.close();
  await storage.clear("run-archive");
});

test("counts of calls to providers are deleted after five weeks", async () => {
  const at = (days: number) => `'${new Date(Date.parse(NOW) - days * 86_400_000).toISOString()}'`;
  await app.db.execute(
    sql.raw(`insert into platform.api_calls (provider, minute) values ('notion', ${at(34)}), ('notion', ${at(36)})`),
  );
  expect((await prune()).result).toMatchObject({ apiCalls: 1 });
});

describe("retention", () => {
  test("archives whole runs that ended more than 90 days ago, and keeps younger ones", async () => {
    const old = await seed(3, { endedDaysAgo: 91 });
    await seed(2, { endedDaysAgo: 89 });
    const before = await rows(old);
    const run = await prune();
    expect(run.result).toMatchObject({ archived: 3, deleted: 3, files: 1 });
    expect(await left()).toHaveLength(2);
    expect(await archived()).toEqual(before);
  });

  test("a setting changes the age", async () => {
    await app.close();
    app = startProcess(database.url, [pruneRunLedger], {
      clock: new TestClock(NOW),
      env: { AzureWebJobsStorage: storage.connectionString, RUN_RETENTION_DAYS: "7" },
    });
    await seed(1, { endedDaysAgo: 8 });
    await seed(1, { endedDaysAgo: 6 });
    expect((await prune()).result).toMatchObject({ deleted: 1 });
  });

  test.each(["queued", "running", "retrying"] as const)("keeps a %s run of any age, and its parent", async (state) => {
    const [parent, other] = await seed(2, { endedDaysAgo: 400 });
    const [child] = await seed(1, { endedDaysAgo: 399, state, parent: parent! });
    expect((await prune()).result).toMatchObject({ archived: 1, deleted: 1 });
    expect(await left()).toEqual([parent, child].sort());
    expect((await archived()).map(({ id }) => id)).toEqual([other]);
  });

  test.each(["succeeded", "dead", "skipped", "cancelled"] as const)(
    "archives a %s run, with its parent",
    async (state) => {
      const [parent] = await seed(1, { endedDaysAgo: 400 });
      await seed(1, { endedDaysAgo: 399, state, parent: parent! });
      expect((await prune()).result).toMatchObject({ deleted: 2 });
    },
  );

  test("keeps a job's newest slot of any age: its missed slots are counted from there", async () => {
    const slots = await seed(3, { endedDaysAgo: 400 });
    await app.db.execute(sql`
      update platform.job_runs set scheduled_for = finished_at + make_interval(days => (input ->> 'n')::int) where job_id = 'sample'`);
    expect((await prune()).result).toMatchObject({ deleted: 2 });
    expect(await left()).toEqual(slots.slice(-1));
    expect((await prune()).result).toMatchObject({ archived: 0 });
  });

  test("writes nothing without old runs", async () => {
    expect((await prune()).result).toMatchObject({ archived: 0, files: 0 });
    expect(await storage.blobs("run-archive")).toEqual(new Map());
  });

  test("writes several files, each with its manifest, when one is full", async () => {
    const old = await seed(7_500, { endedDaysAgo: 200 });
    expect((await prune()).result).toMatchObject({ archived: 7_500, deleted: 7_500, files: 2 });
    expect((await archived()).map(({ id }) => id)).toEqual(old);
    expect(await left()).toEqual([]);
  });

  test("takes fewer large runs at a time", async () => {
    const old = await seed(3, { endedDaysAgo: 200 });
    await app.db.execute(sql`update platform.job_runs set result = jsonb_build_object('text', repeat('ü', 9000000))`);
    expect((await prune()).result).toMatchObject({ deleted: 3, files: 3 });
    expect((await archived()).map(({ id }) => id)).toEqual(old);
  });
});

describe("old notifications", () => {
  afterEach(() =>
    app.db.execute(sql`truncate platform.notifications, platform.notification_deliveries, platform.settings`),
  );

  test("are deleted after a year, with their deliveries, except those that a run still has to send", async () => {
    await tell("sent", { daysAgo: 366 });
    await tell("failed", { daysAgo: 366, state: "failed", reason: "refused" });
    await tell("put off to a digest that never was", { daysAgo: 366, state: "pending", reason: "quiet hours" });
    await tell("young", { daysAgo: 364 });
    await tell("waits for its run", { daysAgo: 366, state: "pending" });
    await tell("under way", { daysAgo: 366, state: "sending" });
    expect((await prune()).result).toMatchObject({ notifications: 3 });
    expect(await notificationTitles()).toEqual(["under way", "waits for its run", "young"]);
    expect((await prune()).result).toMatchObject({ notifications: 0 });
  });

  test("are deleted earlier after a change of the setting", async () => {
    await tell("old", { daysAgo: 31 });
    await tell("young", { daysAgo: 29 });
    await app.db.execute(
      sql`insert into platform.settings values ('notification_retention_days', '30', now(), 'a test')`,
    );
    expect((await prune()).result).toMatchObject({ notifications: 1 });
    expect(await notificationTitles()).toEqual(["young"]);
  });

  async function tell(
    title: string,
    { daysAgo, state = "sent", reason = null }: Partial<Pick<Notification, "state" | "reason">> & { daysAgo: number },
  ): Promise<void> {
    const at = new Date(Date.parse(NOW) - daysAgo * 86_400_000);
    const id = uuidv7({ msecs: at.getTime() });
    await app.db.insert(notifications).values({
      id,
      family: "samples",
      recipient: "user:1",
      channels: ["web"],
      severity: "INFO",
      type: "note",
      title,
      body: "",
      state,
      reason,
      createdAt: at,
      settledAt: state === "sent" || state === "failed" ? at : null,
      attempts: 1,
    });
    await app.db
      .insert(notificationDeliveries)
      .values({ notificationId: id, channel: "web", attempt: 0, state: "sent", startedAt: at, endedAt: at });
  }

  async function notificationTitles(): Promise<string[]> {
    const rows = await app.db.execute<{ title: string }>(sql`
      select title from platform.notifications n join platform.notification_deliveries d on d.notification_id = n.id order by title`);
    const [{ deliveries } = { deliveries: NaN }] = await app.db.execute<{ deliveries: number }>(
      sql`select count(*)::int as deliveries from platform.notification_deliveries`,
    );
    expect(deliveries).toBe(rows.length);
    return rows.map(({ title }) => title);
  }
});

describe("without storage", () => {
  test("deletes nothing, and the error names the setting", async () => {
    await app.close();
    app = startProcess(database.url, [pruneRunLedger], { clock: new TestClock(NOW) });
    await seed(1, { endedDaysAgo: 91 });
    const run = await prune();
    expect(run.state).toBe("dead");
    expect(run.errors[0]).toMatchObject({ class: "validation" });
    expect(run.errors[0]?.message).toContain("AzureWebJobsStorage");
    expect(await left()).toHaveLength(1);
  });
});

describe("kill -9 loses no run, and the next attempt finishes", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("at request %i to the storage", async (nth) => {
    const old = await seed(20, { endedDaysAgo: 91 });
    const before = await rows(old);
    const way = await holdRequest(storage, nth);
    const { child, runId } = await startChild(way.connectionString);
    await way.held;
    expect(await rows(old)).toEqual(before);
    await child.kill();

    expect(await goOn(runId)).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(await archived()).toEqual(before);
    expect(await left()).toEqual([]);
  });

  test("between the last check of the second file and the deletion", async () => {
    const old = await seed(7_500, { endedDaysAgo: 91 });
    const { child, runId } = await startChild(storage.connectionString);
    const asked = await app.db.transaction(async (tx) => {
      // The deletion waits for the lock of this row, after all other work.
      await tx.execute(sql`select from platform.job_runs where id = ${old.at(-1)!} for update`);
      await lockWait(app.db, "%delete from %job_runs%");
      await child.kill();
      return left();
    });
    expect(asked).toEqual(old.slice(5_000));
    expect((await archived()).map(({ id }) => id)).toEqual(old);

    expect(await goOn(runId)).toMatchObject({ state: "succeeded", result: { archived: 2_500, deleted: 2_500 } });
    expect(await left()).toEqual([]);
    // The same runs make the same file, so the archive has no duplicates.
    expect((await archived()).map(({ id }) => id)).toEqual(old);
  });

  test("keeps a run that changed after it was archived, and archives it with its change the next time", async () => {
    const [old] = await seed(1, { endedDaysAgo: 91 });
    const { id } = await app.enqueuer.enqueue(pruneRunLedger, { input: {}, trigger: "manual", requestedBy: "a test" });
    let pruning: Promise<unknown> | undefined;
    await app.db.transaction(async (tx) => {
      await tx.execute(sql`update platform.job_runs set archived = true where id = ${old!}`);
      pruning = app.runner.execute(id);
      await lockWait(app.db, "%delete from %job_runs%");
    });
    await pruning;
    expect(await left()).toEqual([old]);
    expect((await prune()).result).toMatchObject({ deleted: 1 });
    expect(await archived()).toMatchObject([{ archived: false }, { archived: true }]);
  });
});

interface Seed {
  endedDaysAgo: number;
  state?: RunState;
  parent?: string;
}

let seeded = 0;

/** Inserts runs that ended days ago. @returns their ids in order */
async function seed(count: number, { endedDaysAgo, state = "succeeded", parent }: Seed): Promise<string[]> {
  const isFinal = ["succeeded", "dead", "skipped", "cancelled"].includes(state);
  const at = sql`(${NOW}::timestamptz - make_interval(days => ${endedDaysAgo}))`;
  seeded += count;
  const inserted = await app.db.execute<{ id: string }>(sql`
    insert into platform.job_runs (id, job_id, family, trigger, state, input, attempt, max_attempts, not_before, queued_at,
                                   started_at, finished_at, lease_holder, lease_expires_at, result, reason, correlation_id, parent_run_id)
    select ('01900000-0000-7000-8000-' || lpad(to_hex(${seeded - count}::int + n), 12, '0'))::uuid, 'sample', 'platform', 'manual', ${state},
           jsonb_build_object('n', n, 'text', E'line\nbreak "ü"'), 1, 4, ${at}, ${at}, ${at}, ${isFinal ? at : sql`null`},
           ${state === "running" ? "gone" : null}, ${state === "running" ? at : sql`null`}, '{"big": 12345678901234567890.5}',
           'as it was', 'sample', ${parent ?? null}::uuid
      from generate_series(1, ${count}::int) as n
    returning id`);
  return inserted.map(({ id }) => id).sort();
}

async function rows(ids: readonly string[]): Promise<Record<string, unknown>[]> {
  const found = await app.db.execute<{ line: string }>(
    sql`select row_to_json(r)::text as line from platform.job_runs r where id = any(${`{${ids.join()}}`}::uuid[]) order by id`,
  );
  return found.map(({ line }) => JSON.parse(line) as Record<string, unknown>);
}

/** Ids of the sample runs that are still in the ledger. */
async function left(): Promise<string[]> {
  const found = await app.db.execute<{ id: string }>(
    sql`select id from platform.job_runs where job_id = 'sample' order by id`,
  );
  return found.map(({ id }) => id);
}

/** The content of the archive, file by file of the manifests, with each hash checked. */
async function archived(): Promise<Record<string, unknown>[]> {
  const blobs = await storage.blobs("run-archive");
  const manifests = [...blobs].filter(([name]) => name.endsWith(".manifest.json"));
  const found = manifests.flatMap(([, text]) => {
    const { file, sha256, records } = JSON.parse(text.toString()) as { file: string; sha256: string; records: number };
    const content = blobs.get(file)!;
    expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
    const lines = gunzipSync(content).toString().trimEnd().split("\n");
    expect(lines).toHaveLength(records);
    return lines.map((line) => JSON.parse(line) as { id: string; archived: boolean });
  });
  return found.sort((a, b) => a.id.localeCompare(b.id) || Number(a.archived) - Number(b.archived));
}

async function prune(): Promise<Run> {
  const { id } = await app.enqueuer.enqueue(pruneRunLedger, { input: {}, trigger: "manual", requestedBy: "a test" });
  return (await app.runner.execute(id))!;
}

async function startChild(connectionString: string): Promise<{ child: Program; runId: string }> {
  const { id } = await app.enqueuer.enqueue(pruneRunLedger, { input: {}, trigger: "manual", requestedBy: "a test" });
  return { child: startProgram(CHILD, [database.url, connectionString, NOW, id]), runId: id };
}

/** Recovers as the layer does: the lease expires, the run is rescued, and its next attempt starts. */
async function goOn(runId: string): Promise<Run> {
  await app.db.execute(sql`update platform.job_runs set lease_expires_at = now() - interval '1s' where id = ${runId}`);
  expect(await app.runner.rescueExpiredRuns()).toMatchObject({ retrying: 1 });
  app.clock.advance(3_600_000);
  return (await app.runner.execute(runId))!;
}
