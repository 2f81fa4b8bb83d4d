import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { type DatabaseTarget, databaseTarget } from "../database-target.ts";
import { databaseTrouble } from "../database-trouble.ts";
import { Failure } from "../failure.ts";
import { quantity } from "../outcome.ts";

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
  const { applyMigrations } = await import("#data/migrate.ts");
  try {
    return await applyMigrations(target.url, MIGRATIONS, tls);
  } catch (error) {
    throw new Failure(databaseTrouble(error, target));
  }
}

type Tls = "disable" | "require" | "verify";

/** As the app reads it; without it the address decides (`?sslmode=`). */
function tlsOf({ DATABASE_TLS: tls }: Readonly<Record<string, string | undefined>>): Tls | undefined {
  if (!tls) return undefined;
  if (tls === "disable" || tls === "require" || tls === "verify") return tls;
  throw new Failure(`DATABASE_TLS: expected disable, require or verify, got ${JSON.stringify(tls)}.`);
}
