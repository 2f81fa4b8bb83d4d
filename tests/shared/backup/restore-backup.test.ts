import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type BackupManifest, BACKUPS, readManifest } from "#backup/backup-manifest.ts";
import { backUp } from "#backup/create-backup.ts";
import { restore } from "#backup/restore-backup.ts";
import { applyMigrations } from "#data/apply-migrations.ts";
import type { DatabaseOptions } from "#data/client.ts";
import { openContainer } from "#storage/blob-container.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { createDatabase } from "#support/database.ts";
import { everything } from "./every-table.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../shared/data/migrations");

/**
 * Everything that is hard to restore: names, types, cyclic keys, triggers, generated columns, partitions, sequences.
 */
const HARD = `
  create schema "odd ""schema""";
  create table "odd ""schema"""."Odd Table" (
    "the id" bigint generated always as identity primary key,
    "text" text, bytes bytea, exact numeric, double double precision, at timestamptz, span interval, list text[], doc jsonb,
    doubled numeric generated always as (exact * 2) stored
  );
  create table "odd ""schema"""."no columns" ();
  create table "odd ""schema""".hen (id int primary key, egg int);
  create table "odd ""schema""".egg (id int primary key, hen int references "odd ""schema""".hen);
  alter table "odd ""schema""".hen add foreign key (egg) references "odd ""schema""".egg;
  create table "odd ""schema""".parted (id int, part int) partition by list (part);
  create table "odd ""schema""".part_1 partition of "odd ""schema""".parted for values in (1);
  create table "odd ""schema""".part_2 partition of "odd ""schema""".parted for values in (2);
  create sequence "odd ""schema""".free_standing;
  create table "odd ""schema""".seeded (name text primary key, changed boolean default false);
  insert into "odd ""schema""".seeded values ('by the migration');
  create function "odd ""schema""".refuse() returns trigger language plpgsql as $$ begin raise 'a trigger fired'; end $$;
  create trigger refuse before insert on "odd ""schema""".egg for each row execute function "odd ""schema""".refuse();`;

const ROWS = `
  insert into "odd ""schema"""."Odd Table" ("text", bytes, exact, double, at, span, list, doc) values
    (E'tab\\t feed\\n return\\r back\\\\slash \\\\. \\\\N ü 😀', '\\x00ff0a', 123456789012345678901234567890.123456789, 0.1, '2026-03-29 01:30:00.123456+00', '1 mon 2 days 03:04:05.6', array['a,b', null, '"'], '{"n": 1.10, "s": "\\u00fc"}'),
    (null, null, 'NaN', 'Infinity', 'infinity', null, '{}', 'null'),
    ('', '', 0, '-0', '0044-03-15 12:00:00 BC', '-1 day', null, '[]');
  insert into "odd ""schema"""."no columns" default values;
  alter table "odd ""schema""".egg disable trigger refuse;
  insert into "odd ""schema""".hen values (1, null); insert into "odd ""schema""".egg values (1, 1);
  update "odd ""schema""".hen set egg = 1;
  alter table "odd ""schema""".egg enable trigger refuse;
  insert into "odd ""schema""".parted values (1, 1), (2, 2), (3, 2);
  select nextval('"odd ""schema""".free_standing') from generate_series(1, 7);
  update "odd ""schema""".seeded set changed = true;
  update platform.controls set kill_switch = true, changed_by = 'ann';`;

/** Changes in the first and the last tables. */
const LATE = `
  update platform.audit_log set who = who; insert into platform.pauses values ('all', 'late', 'ann', now());
  update "odd ""schema""".seeded set name = 'late';`;
const UNDO = `delete from platform.pauses; update "odd ""schema""".seeded set name = 'by the migration';`;

let storage: TestStorage;
let hard: { url: string; drop(): Promise<void> };
let migrations: string;
beforeAll(async () => {
  [storage, hard] = await Promise.all([startTestStorage(), createDatabase()]);
});
afterAll(async () => {
  await Promise.all([storage.stop(), hard.drop(), rm(migrations, { recursive: true })]);
});

describe("a round trip", () => {
  test("restores every row of every table, and every sequence", async () => {
    const { source, name } = await hardBackup();
    const target = await emptyDatabase();
    const restored = await restoreInto(target, name);
    expect(restored).toMatchObject({ migrationsAhead: 0 });
    const [before, after] = await Promise.all([everything(source), everything(target)]);
    expect(Object.keys(before).length).toBeGreaterThan(20);
    expect(after).toEqual(before);
  });

  test("restores foreign keys, triggers and identities", async () => {
    const { name } = await hardBackup();
    const target = await emptyDatabase();
    await restoreInto(target, name);
    await onDatabase(target, async (sql) => {
      await expect(sql.unsafe(`insert into "odd ""schema""".egg values (2, 1)`)).rejects.toThrow("a trigger fired");
      await expect(sql.unsafe(`insert into "odd ""schema""".hen values (2, 99)`)).rejects.toThrow("foreign key");
      const [next] = await sql.unsafe(`insert into "odd ""schema"""."Odd Table" (exact) values (1) returning "the id"`);
      expect(next).toEqual({ "the id": "4" });
    });
  });

  test("works with an unused database that has the same migrations", async () => {
    const { source, name } = await hardBackup();
    const target = await emptyDatabase();
    await applyMigrations(target, migrations);
    await restoreInto(target, name);
    expect(await everything(target)).toEqual(await everything(source));
  });

  test("shows one moment while others write", async () => {
    const { source } = await hardBackup();
    const before = await everything(source);
    const other = postgres(source, { max: 1 });
    const writing: Promise<unknown>[] = [];
    const { manifest } = await backUp(options(source), openBackups(), "busy", {
      signal: new AbortController().signal,
      onTable: (done) => {
        if (done === 1) writing.push(other.unsafe(LATE));
      },
    });
    await Promise.all(writing);
    await other.end();
    expect(await everything(source)).not.toEqual(before);
    const target = await emptyDatabase();
    await restoreInto(target, manifest);
    expect(await everything(target)).toEqual(before);
    await onDatabase(source, (sql) => sql.unsafe(UNDO));
  });
});

describe("refused in one sentence, without a change", () => {
  test("a database that is in use", async () => {
    const { name } = await hardBackup();
    const target = await emptyDatabase();
    await applyMigrations(target, migrations);
    await onDatabase(target, (sql) => sql`update platform.controls set changed_by = 'ann'`);
    await refused(target, name, /^The database is not empty \(platform\.controls\): restore into a new database\.$/);
    await refused((await hardBackup()).source, name, /^The database is not empty \(/);
  });

  test("a database of another application", async () => {
    const { name } = await hardBackup();
    const target = await emptyDatabase();
    await onDatabase(target, (sql) => sql.unsafe("create schema theirs; create table theirs.thing ()"));
    await refused(target, name, /^The database is not empty \(theirs\.thing\)/);
  });

  test("a database with other migrations, and a backup of a newer version", async () => {
    const { name } = await hardBackup();
    const target = await emptyDatabase();
    await applyMigrations(target, MIGRATIONS);
    await refused(target, name, /^The database has \d+ migrations, the backup \d+: /);
    await expect(restoreInto(await emptyDatabase(), name, MIGRATIONS)).rejects.toThrow(
      /^The backup has migrations that this version of the app does not know/,
    );
  });

  test("a backup of an earlier development version", async () => {
    const { name } = await hardBackup();
    const manifest = await manifestOf(name);
    const earlier = { ...manifest, migrations: ["a1", "b2", ...manifest.migrations] };
    await storage.put(BACKUPS, "earlier/manifest.json", Buffer.from(JSON.stringify(earlier)));
    await refused(
      await emptyDatabase(),
      "earlier/manifest.json",
      /^The backup has \d+ migrations of an earlier development version, which this version cannot continue: restore it with the version that made it\.$/,
    );
  });

  test("a file that was changed, truncated or lost", async () => {
    const { name } = await hardBackup();
    const { tables } = await manifestOf(name);
    const { file } = tables.find((table) => table.name === "Odd Table")!;
    const content = (await storage.blobs(BACKUPS)).get(file)!;
    onTestFinished(() => storage.put(BACKUPS, file, content));
    const target = await emptyDatabase();
    for (const damaged of [Buffer.from(content).fill(1, 20, 21), content.subarray(0, -1), Buffer.alloc(0)]) {
      await storage.put(BACKUPS, file, damaged);
      await refused(
        target,
        name,
        /Odd Table\.copy\.gz is damaged: its SHA-256 differs from the manifest; nothing was restored\.$/,
      );
    }
    expect(Object.keys(await tablesOf(target))).toEqual([]);
  });

  test("a missing backup, or an invalid manifest", async () => {
    await hardBackup();
    const target = await emptyDatabase();
    await refused(
      target,
      "nosuch/manifest.json",
      /^There is no blob nosuch\/manifest\.json in container database-backups\.$/,
    );
    await storage.put(BACKUPS, "none/manifest.json", Buffer.from("{"));
    await refused(target, "none/manifest.json", /^none\/manifest\.json is not a backup manifest: it is not JSON\.$/);
    await storage.put(BACKUPS, "none/manifest.json", Buffer.from("{}"));
    await refused(target, "none/manifest.json", /^none\/manifest\.json is not a backup manifest: format: /);
  });

  test("rows that the database refuses: the rows before them are rolled back too", async () => {
    const { name } = await hardBackup();
    const manifest = await manifestOf(name);
    const broken = manifest.tables.map((table) =>
      table.name === "seeded" ? { ...table, columns: [...table.columns].reverse() } : table,
    );
    await storage.put(BACKUPS, "broken/manifest.json", Buffer.from(JSON.stringify({ ...manifest, tables: broken })));
    const target = await emptyDatabase();
    await refused(target, "broken/manifest.json", /invalid input syntax for type boolean/);
    await restoreInto(target, name);
  });

  test("fewer rows than in the manifest", async () => {
    const { name } = await hardBackup();
    const manifest = await manifestOf(name);
    const short = manifest.tables.map((table) => (table.name === "seeded" ? { ...table, rows: 2 } : table));
    await storage.put(BACKUPS, "short/manifest.json", Buffer.from(JSON.stringify({ ...manifest, tables: short })));
    await refused(await emptyDatabase(), "short/manifest.json", /seeded: expected 2 rows, got 1\.$/);
  });
});

describe("a backup that fails", () => {
  test("ends at once on abort, and leaves no manifest", async () => {
    const { source } = await hardBackup();
    const stop = new AbortController();
    const reason = new Error("asked to stop");
    const backup = backUp(options(source), openBackups(), "stopped", {
      signal: stop.signal,
      onTable: () => {
        stop.abort(reason);
      },
    });
    await expect(backup).rejects.toBe(reason);
    expect([...(await storage.blobs(BACKUPS)).keys()]).not.toContain("stopped/manifest.json");
  });

  test("fails with the error of the storage, and holds no connection", async () => {
    const { source } = await hardBackup();
    const nowhere = openContainer(
      address("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/a;"),
      BACKUPS,
    );
    const signal = AbortSignal.timeout(500);
    await expect(backUp(options(source), nowhere, "nowhere", { signal })).rejects.toThrow();
    await onDatabase(source, async (sql) => {
      const others = () =>
        sql`select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
      // A connection that is closed is gone a moment later.
      await expect.poll(others).toHaveLength(0);
    });
  });
});

let made: Promise<{ source: string; name: string }> | undefined;

/** A backup of a database with everything that is hard to restore; created once. */
function hardBackup(): Promise<{ source: string; name: string }> {
  made ??= (async () => {
    migrations = await hardMigrations();
    await applyMigrations(hard.url, migrations);
    await onDatabase(hard.url, (sql) => sql.unsafe(ROWS));
    const { manifest } = await backUp(options(hard.url), openBackups(), "hard", {
      signal: new AbortController().signal,
    });
    return { source: hard.url, name: manifest };
  })();
  return made;
}

async function hardMigrations(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rota-test-migrations-"));
  await cp(MIGRATIONS, folder, { recursive: true });
  const file = join(folder, "meta/_journal.json");
  const journal = JSON.parse(await readFile(file, "utf8")) as { entries: { idx: number; when: number; tag: string }[] };
  const last = journal.entries.at(-1)!;
  await writeFile(join(folder, "9999_hard.sql"), HARD);
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: "9999_hard" });
  await writeFile(file, JSON.stringify(journal));
  return folder;
}

async function refused(target: string, name: string, sentence: RegExp): Promise<void> {
  const before = await tablesOf(target);
  await expect(restoreInto(target, name)).rejects.toThrow(sentence);
  // An empty database may be migrated now; the rows are unchanged.
  expect(await tablesOf(target)).toMatchObject(before);
}

async function restoreInto(url: string, name: string, folder = migrations) {
  return restore(options(url), openBackups(), name, { migrations: folder, say: () => undefined });
}

async function tablesOf(url: string): Promise<Record<string, unknown>> {
  const { migrations: _, ...tables } = await everything(url).catch(() => ({ migrations: [] }));
  return tables;
}

async function manifestOf(name: string): Promise<BackupManifest> {
  return readManifest((await storage.blobs(BACKUPS)).get(name)!.toString());
}

function openBackups() {
  return openContainer(address(storage.connectionString), BACKUPS);
}

function address(connectionString: string) {
  return {
    AzureWebJobsStorage: connectionString,
    AzureWebJobsStorage__accountName: undefined,
    AzureWebJobsStorage__clientId: undefined,
  };
}

function options(url: string): DatabaseOptions {
  return { url, poolMax: 1, idleMs: 1_000, tls: "disable", prepare: true };
}

async function emptyDatabase(): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

async function onDatabase<T>(url: string, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
