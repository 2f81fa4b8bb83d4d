import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applyMigrations } from "#data/apply-migrations.ts";
import { freePort } from "#local/ports.ts";
import { startPostgres } from "#local/postgres/start-postgres.ts";
import { runRace } from "./knowledge/race.ts";

/**
 * Proposals with planted twins and duplicates, which processes scan and review against each other, while more arrive
 * and processes are killed with kill -9. No duplicate may be approved, no proposal lost, no approval recorded twice.
 *
 *   npx node tests/load/knowledge-race.ts --proposals 2000 --processes 4 --kills 20 --seed 7
 */
const { values } = parseArgs({
  options: {
    proposals: { type: "string", default: "2000" },
    processes: { type: "string", default: "4" },
    kills: { type: "string", default: "20" },
    seed: { type: "string", default: "7" },
  },
});
const state = await mkdtemp(join(tmpdir(), "rota-knowledge-"));
const database = await startPostgres({ dataDirectory: state, port: await freePort(), settings: {} });
try {
  await applyMigrations(database.url, join(import.meta.dirname, "../../shared/data/migrations"));
  const { problems, ...figures } = await runRace(database.url, {
    count: Number(values.proposals),
    processes: Number(values.processes),
    kills: Number(values.kills),
    seed: Number(values.seed),
  });
  for (const [name, figure] of Object.entries(figures))
    console.log(`${name.padEnd(10)} ${figure.toLocaleString("en")}`);
  for (const problem of problems.slice(0, 20)) console.error(problem);
  console.log(problems.length ? `${problems.length} problems` : "no duplicate approved, none lost, each audited once");
  process.exitCode = problems.length ? 1 : 0;
} finally {
  await database.stop();
  await rm(state, { recursive: true, force: true });
}
