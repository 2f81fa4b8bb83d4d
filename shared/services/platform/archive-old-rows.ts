import { deleteArchivedRows, type OldRows, readOldRows } from "#data/old-rows.ts";
import type { JobContext } from "#jobs";
import { archive } from "#storage/archive.ts";
import { openContainer } from "#storage/blob-container.ts";

/** The most that one archive file, and so the memory, holds. */
const BATCH = { rows: 5_000, bytes: 16 * 1024 * 1024 };

/** What an archiving run did. `deleted` is less than `archived` when rows changed in the meantime. */
export interface ArchivedRows {
  readonly archived: number;
  readonly deleted: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Moves old rows to an archive in blob storage, file by file: a row is deleted after its file was read back whole, and
 * only if it has not changed since. After a crash the rows of the last file are still there, and the next call writes
 * the same file again.
 * @param to the container, and the folder in it
 * @throws ArchiveDamaged; NoStorage when there are old rows and no storage is configured
 */
export async function archiveOldRows(
  {
    db,
    settings,
    signal,
    transaction,
    progress,
  }: Pick<JobContext<unknown>, "db" | "settings" | "signal" | "transaction" | "progress">,
  old: OldRows,
  to: { readonly container: string; readonly kind: string },
): Promise<ArchivedRows> {
  const counts = { archived: 0, deleted: 0, files: 0, bytes: 0 };
  for (;;) {
    signal.throwIfAborted();
    const rows = await readOldRows(db, old, BATCH);
    if (rows.length === 0) return counts;

    const [oldest] = rows.map(({ at }) => at).sort();
    const records = {
      kind: to.kind,
      day: oldest!.slice(0, 10),
      ids: rows.map(({ id }) => id),
      lines: rows.map(({ line }) => line),
    };
    const { bytes } = await archive(openContainer(settings, to.container), records, signal);
    const deleted = await transaction((tx) => deleteArchivedRows(tx, old, rows));
    counts.archived += rows.length;
    counts.deleted += deleted;
    counts.files += 1;
    counts.bytes += bytes;
    progress(counts.deleted, undefined, `${to.kind} up to ${rows.at(-1)!.at}`);
    // All of them changed in the meantime: the next run archives them.
    if (deleted === 0) return counts;
  }
}
