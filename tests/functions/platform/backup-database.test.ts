import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { BACKUPS } from "#backup/backup-manifest.ts";
import { backupDatabase } from "#functions/platform/backup-database.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { createDatabase, migratedDatabase, type TestDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { rota } from "../../cli/rota.ts";
import { everything } from "../../shared/backup/every-table.ts";

let database: TestDatabase;
let storage: TestStorage;
beforeAll(async () => {
  [database, storage] = await Promise.all([migratedDatabase(), startTestStorage()]);
});
afterAll(async () => {
  await Promise.all([database.drop(), storage.stop()]);
});

describe("backup_database", () => {
  test("is off by default, until a setting enables it", async () => {
    const app = start({});
    const slot = await app.runner.runSlot(backupDatabase, new Date("2026-03-10T00:30:00Z"));
    expect(slot).toMatchObject({ state: "skipped", reasonCode: "disabled" });
    expect(await storage.blobs(BACKUPS)).toEqual(new Map());
  });

  test("the command line restores its backup into an empty database", async () => {
    const app = start({ BACKUP_DATABASE_ENABLED: "true" });
    await app.db.execute(sql`
      insert into portfolio.exchange_rates (date, quote, rate, source)
      select date '1999-01-04' + n, 'USD', 1 + n / 7.0, 'ecb' from generate_series(1, 20000) as n`);
    await app.db.execute(sql`update platform.controls set jobs_enabled = true, changed_by = 'ann'`);
    await app.db.execute(
      sql`insert into platform.audit_log (at, who, action, subject) values (now(), 'ann', 'x', ${"a\tb\nc\\"})`,
    );
    const run = await app.runner.runSlot(backupDatabase, new Date("2026-03-11T00:30:00Z"));
    expect(run).toMatchObject({
      state: "succeeded",
      result: { manifest: expect.stringContaining("2026-03-11T00-30-00") as string },
    });
    const { manifest, tables } = run?.result as { manifest: string; tables: number };

    const empty = await createDatabase();
    onTestFinished(() => empty.drop());
    const env = { DATABASE_URL: empty.url, AzureWebJobsStorage: storage.connectionString };
    const restored = await rota(["restore", manifest], { env });
    expect(restored).toMatchObject({ code: 0, stderr: "" });
    expect(restored.stdout).toMatch(
      new RegExp(`✔ Database \\w+ on \\S+ is restored to its state at .*: ${tables} tables, [\\d,]+ rows\\.\n$`),
    );

    const { "platform.job_runs": runs, ...after } = await everything(empty.url);
    const { "platform.job_runs": laterRuns, ...before } = await everything(database.url);
    expect(after).toEqual(before);
    // The backup has the state of its own run during the run.
    expect(runs).toHaveLength((laterRuns as string[]).length);
    expect(runs).toContainEqual(expect.stringContaining("backup_database,platform,schedule,running"));

    const again = await rota(["restore", manifest], { env });
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toMatch(/^The database is not empty \(.*\): restore into a new database\.\n$/);
  });

  test("the command line reports in one sentence what is missing", async () => {
    const env = { DATABASE_URL: database.url };
    expect(await rota(["restore", "x/manifest.json"], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There is no blob storage: set AzureWebJobsStorage to [^\n]+\n$/) as string,
    });
    expect(await rota(["restore", "x"], { env: { ...env, AzureWebJobsStorage: "AccountKey=hunter2" } })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^AzureWebJobsStorage: expected a storage account's [^\n]+ as it is secret\.\n$/,
      ) as string,
    });
    expect(await rota(["restore", "x"], { env: {} })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^No database to restore into: set DATABASE_URL [^\n]+\n$/) as string,
    });
  });
});

function start(env: Record<string, string>): TestProcess {
  const app = startProcess(database.url, [backupDatabase], {
    clock: new TestClock("2026-03-11T00:30:00Z"),
    env: { AzureWebJobsStorage: storage.connectionString, ...env },
  });
  onTestFinished(() => app.close());
  return app;
}
