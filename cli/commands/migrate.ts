import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { CommandError } from "../command-errors.ts";
import { databaseErrorMessage } from "../database-errors.ts";
import { type DatabaseTarget, databaseTarget } from "../database-target.ts";
import { quantity } from "../text-format.ts";

const MIGRATIONS = join(import.meta.dirname, "../../shared/data/migrations");

export const migrate = defineCommand({
  arguments: {},
  options: {},
  examples: ["migrate"],
  async run({ out, env, root }) {
    const target = await databaseTarget({ env, root });
    const applied = await apply(target, tlsOf(env));
    const outcome = applied === 0 ? "is up to date; nothing to apply" : `has ${quantity(applied, "new migration")}`;
    out.line(`${out.paint("green", "✔")} ${target.name} ${outcome}.`);
    return 0;
  },
});

async function apply(target: DatabaseTarget, tls: Tls | undefined): Promise<number> {
  const { applyMigrations } = await import("#data/apply-migrations.ts");
  try {
    return await applyMigrations(target.url, MIGRATIONS, tls);
  } catch (error) {
    throw new CommandError(databaseErrorMessage(error, target));
  }
}

type Tls = "disable" | "require" | "verify";

/** Read as the app reads it; without it, `?sslmode=` of the address decides. */
function tlsOf({ DATABASE_TLS: tls }: Readonly<Record<string, string | undefined>>): Tls | undefined {
  if (!tls) return undefined;
  if (tls === "disable" || tls === "require" || tls === "verify") return tls;
  throw new CommandError(`DATABASE_TLS: expected disable, require or verify, got ${JSON.stringify(tls)}.`);
}
