import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { applyMigrations } from "#data/apply-migrations.ts";
import { appTables } from "#data/backup/app-tables.ts";
import { loadTables, usedTables } from "#data/backup/load-tables.ts";
import { connectAlone, type DatabaseOptions } from "#data/client.ts";
import { appliedMigrations, haveDiverged, migrationsIn, withFirstMigrations } from "#data/migration-ledger.ts";
import { type BlobContainer, BlobMissing } from "#storage/blob-container.ts";
import { Measure } from "#storage/stream-digest.ts";
import { type BackedUpTable, type BackupManifest, readManifest } from "./backup-manifest.ts";

/** The backup cannot be restored into this database. The message names the reason; no row was restored. */
export class RestoreRefused extends Error {
  override name = "RestoreRefused";
}

export interface Restored {
  readonly takenAt: string;
  readonly tables: number;
  readonly rows: number;
  /** Migrations of this version that the backup does not have. Apply them next. */
  readonly migrationsAhead: number;
}

/**
 * Restores a backup into an empty database: one without tables, which is migrated to the migrations of the backup, or
 * an unused one with the same migrations. It checks every file before it writes; then it restores everything or
 * nothing.
 * @param migrations the folder of the numbered migrations
 * @throws RestoreRefused
 */
export async function restore(
  database: DatabaseOptions,
  container: BlobContainer,
  name: string,
  { migrations, say }: { migrations: string; say: (line: string) => void },
): Promise<Restored> {
  const manifest = await readManifestBlob(container, name);
  const known = migrationsIn(migrations);
  await checkLevel(database, manifest.migrations, known);
  for (const table of manifest.tables) await checkFile(container, table);
  say(`${manifest.tables.length} files are intact`);

  // Does nothing for a database with the same migrations.
  await withFirstMigrations(migrations, manifest.migrations.length, (folder) =>
    applyMigrations(database.url, folder, database.tls),
  );
  await loadTables(database, manifest, async (table, copy) => {
    const { file, rows, sha256 } = table as BackedUpTable;
    const measure = new Measure();
    await copy([await container.read(file), measure, createGunzip()]);
    if (measure.result().sha256 !== sha256) throw new RestoreRefused(damaged(file));
    say(`${table.schema}.${table.name}: ${rows} ${rows === 1 ? "row" : "rows"}`);
  });
  return {
    takenAt: manifest.takenAt,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((total, { rows }) => total + rows, 0),
    migrationsAhead: known.length - manifest.migrations.length,
  };
}

async function readManifestBlob(container: BlobContainer, name: string): Promise<BackupManifest> {
  const content = await container.read(name).then(text, (error: unknown) => {
    throw error instanceof BlobMissing ? new RestoreRefused(`${capital(error.message)}.`) : error;
  });
  try {
    return readManifest(content);
  } catch (error) {
    throw new RestoreRefused(`${name} is not a backup manifest: ${(error as Error).message}.`);
  }
}

/** Checks that the database is empty and that this version has the migrations of the backup. */
async function checkLevel(
  database: DatabaseOptions,
  needed: readonly string[],
  known: readonly string[],
): Promise<void> {
  if (haveDiverged(needed, known)) {
    throw new RestoreRefused(
      `The backup has ${needed.length} migrations of an earlier development version, which this version cannot continue: restore it with the version that made it.`,
    );
  }
  if (needed.length > known.length) {
    throw new RestoreRefused(
      `The backup has migrations that this version of the app does not know (${needed.length} there, ${known.length} here): restore it with the version that made it.`,
    );
  }
  const sql = connectAlone(database);
  try {
    const applied = await appliedMigrations(sql);
    const used = applied.length
      ? await usedTables(sql)
      : (await appTables(sql)).map((table) => `${table.schema}.${table.name}`);
    if (used.length) {
      throw new RestoreRefused(
        `The database is not empty (${used.slice(0, 3).join(", ")}${used.length > 3 ? ", …" : ""}): restore into a new database.`,
      );
    }
    if (applied.length && applied.join() !== needed.join()) {
      throw new RestoreRefused(
        `The database has ${applied.length} migrations, the backup ${needed.length}: use a database without tables, which restore migrates.`,
      );
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function checkFile(container: BlobContainer, { file, bytes, sha256 }: BackedUpTable): Promise<void> {
  const measure = new Measure();
  try {
    await pipeline(
      await container.read(file),
      measure,
      new Writable({
        write: (_chunk, _encoding, done) => {
          done();
        },
      }),
    );
  } catch (error) {
    if (error instanceof BlobMissing) throw new RestoreRefused(`The backup is incomplete: ${error.message}.`);
    throw error;
  }
  const found = measure.result();
  if (found.sha256 !== sha256 || found.bytes !== bytes) throw new RestoreRefused(damaged(file));
}

function damaged(file: string): string {
  return `${file} is damaged: its SHA-256 differs from the manifest; nothing was restored.`;
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
