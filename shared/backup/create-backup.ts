import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { Table } from "#data/backup/app-tables.ts";
import { type Snapshot, withSnapshot } from "#data/backup/snapshot.ts";
import type { DatabaseOptions } from "#data/client.ts";
import type { BlobContainer } from "#storage/blob-container.ts";
import { Measure } from "#storage/stream-digest.ts";
import type { BackedUpTable, BackupManifest } from "./backup-manifest.ts";

/** The result of a backup. */
export interface BackedUp {
  /** The manifest blob, the argument of `npm run rota -- restore`. */
  readonly manifest: string;
  readonly tables: number;
  readonly rows: number;
  /** Compressed size in the storage. */
  readonly bytes: number;
}

/**
 * Writes a snapshot of the database into a folder of a container: one file per table, then the manifest. Rows are
 * streamed, so memory does not grow with the data.
 * @param folder a new folder
 * @param onTable called after each written table
 */
export async function backUp(
  database: DatabaseOptions,
  container: BlobContainer,
  folder: string,
  { signal, onTable }: { signal: AbortSignal; onTable?: (done: number, total: number, table: BackedUpTable) => void },
): Promise<BackedUp> {
  return withSnapshot(database, signal, async (snapshot) => {
    const tables: BackedUpTable[] = [];
    for (const table of snapshot.tables) {
      tables.push(await writeTable(snapshot, table, container, folder, signal));
      onTable?.(tables.length, snapshot.tables.length, tables.at(-1)!);
    }
    const manifest: BackupManifest = {
      format: "rota-backup-1",
      takenAt: snapshot.takenAt.toISOString(),
      migrations: snapshot.migrations,
      tables,
      sequences: snapshot.sequences,
    };
    const name = `${folder}/manifest.json`;
    const content = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    await container.write(name, "application/json", [Readable.from([content])], signal);
    return { manifest: name, tables: tables.length, rows: sum(tables, "rows"), bytes: sum(tables, "bytes") };
  });
}

async function writeTable(
  snapshot: Snapshot,
  table: Table,
  container: BlobContainer,
  folder: string,
  signal: AbortSignal,
): Promise<BackedUpTable> {
  const file = `${folder}/${table.schema}.${table.name}.copy.gz`;
  const [text, compressed] = [new Measure(), new Measure()];
  await container.write(file, "application/gzip", [await snapshot.rows(table), text, createGzip(), compressed], signal);
  const { bytes, sha256 } = compressed.result();
  // COPY text has one line per row: it escapes line feeds in values.
  return { ...table, rows: text.result().lines, file, bytes, sha256 };
}

function sum(tables: readonly BackedUpTable[], what: "rows" | "bytes"): number {
  return tables.reduce((total, table) => total + table[what], 0);
}
