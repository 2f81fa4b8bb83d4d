import { z } from "zod";

/** The container of all backups. */
export const BACKUPS = "database-backups";

const table = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(z.string()).readonly(),
  rows: z.int().min(0),
  /** The blob with its rows: COPY text, compressed with gzip. */
  file: z.string(),
  /** Size and SHA-256 of that blob as it lies there. */
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const sequence = z.object({
  schema: z.string(),
  name: z.string(),
  value: z.string().regex(/^-?\d+$/),
  isCalled: z.boolean(),
});

const manifest = z.object({
  format: z.literal("rota-backup-1"),
  /** The moment that the backup shows. */
  takenAt: z.iso.datetime(),
  /** Hashes of the migrations that the database had, oldest first. */
  migrations: z.array(z.string()).min(1).readonly(),
  tables: z.array(table).readonly(),
  sequences: z.array(sequence).readonly(),
});

/** What a backup consists of. It is written last: where it lies, the backup is whole. */
export type BackupManifest = z.output<typeof manifest>;
export type BackedUpTable = z.output<typeof table>;

/** @throws Error saying what is wrong with it */
export function readManifest(text: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
  const read = manifest.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Error(`${issue!.path.join(".") || "it"}: ${issue!.message}`);
}
