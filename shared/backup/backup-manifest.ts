import { z } from "zod";

/** The container of all backups. */
export const BACKUPS = "database-backups";

const table = z.object({
  schema: z.string(),
  name: z.string(),
  columns: z.array(z.string()).readonly(),
  rows: z.int().min(0),
  /** The blob with the rows: gzipped COPY text. */
  file: z.string(),
  /** Size and SHA-256 of the compressed blob. */
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
  /** The instant of the snapshot. */
  takenAt: z.iso.datetime(),
  /** Hashes of the migrations of the database, oldest first. */
  migrations: z.array(z.string()).min(1).readonly(),
  tables: z.array(table).readonly(),
  sequences: z.array(sequence).readonly(),
});

/** The contents of a backup. It is written last, so a folder with a manifest is a complete backup. */
export type BackupManifest = z.output<typeof manifest>;
export type BackedUpTable = z.output<typeof table>;

/** @throws Error naming the first fault */
export function readManifest(text: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  const read = manifest.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Error(`${issue!.path.join(".") || "it"}: ${issue!.message}`);
}
