import { join } from "node:path";
import { defineCommand, INVOCATION } from "../command.ts";
import { CommandError } from "../command-errors.ts";
import { databaseErrorMessage } from "../database-errors.ts";
import { type DatabaseTarget, databaseTarget } from "../database-target.ts";
import { storageSettings } from "../storage-settings.ts";
import { quantity } from "../text-format.ts";

const MIGRATIONS = join(import.meta.dirname, "../../shared/data/migrations");

export const restore = defineCommand({
  arguments: { manifest: { about: "the name of the backup's manifest, as the result of backup_database shows it" } },
  options: {},
  examples: ["restore 2026-03-10T00-30-00.000Z-019cd4f1-5a00-7b52-8a6e-3f1d2c4b5a69-1/manifest.json"],
  async run({ arguments: { manifest }, out, env, root }) {
    const target = await databaseTarget({ env, root }, "to restore into");
    const storage = await storageSettings({ env, root });
    const restored = await restoreInto(target, storage, env.DATABASE_TLS, manifest, (line) => {
      out.line(out.paint("dim", line));
    });
    const ahead = restored.migrationsAhead
      ? ` This version has ${quantity(restored.migrationsAhead, "newer migration")}: apply with ${INVOCATION} migrate.`
      : "";
    out.line(
      `${out.paint("green", "✔")} ${target.name} is restored to its state at ${restored.takenAt}: ${quantity(restored.tables, "table")}, ${quantity(restored.rows, "row")}.${ahead}`,
    );
    return 0;
  },
});

async function restoreInto(
  target: DatabaseTarget,
  storage: Readonly<Record<string, string>>,
  tls: string | undefined,
  manifest: string,
  say: (line: string) => void,
) {
  const [{ restore: restoreBackup, RestoreRefused }, { LoadRefused }, { BACKUPS }, { openContainer, NoStorage }] =
    await Promise.all([
      import("#backup/restore-backup.ts"),
      import("#data/backup/load-tables.ts"),
      import("#backup/backup-manifest.ts"),
      import("#storage/blob-container.ts"),
    ]);
  const config = await configOf({ ...storage, DATABASE_URL: target.url, DATABASE_TLS: tls });
  const { databaseOptions } = await import("#data/database-options.ts");
  try {
    const container = openContainer(config, BACKUPS);
    return await restoreBackup(databaseOptions(config), container, manifest, { migrations: MIGRATIONS, say });
  } catch (error) {
    if (error instanceof RestoreRefused || error instanceof LoadRefused) throw new CommandError(error.message);
    if (error instanceof NoStorage) throw new CommandError(`${error.message}.`);
    if (isStorageError(error)) throw new CommandError(`The blob storage failed: ${firstLine(error)}.`);
    throw new CommandError(databaseErrorMessage(error, target, "restored"));
  }
}

async function configOf(settings: Readonly<Record<string, string | undefined>>) {
  const { ConfigError, readConfig } = await import("#settings/config.ts");
  try {
    return readConfig(settings);
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message);
    throw error;
  }
}

/** Errors of the Azure clients, which are recognised by name. */
function isStorageError(error: unknown): error is Error {
  return error instanceof Error && (error.name === "RestError" || error.name === "CredentialUnavailableError");
}

function firstLine({ message }: Error): string {
  return message.split("\n", 1)[0]!.replace(/\.$/, "");
}
