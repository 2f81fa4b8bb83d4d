import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applyMigrations } from "#data/apply-migrations.ts";
import { freePort } from "#local/ports.ts";
import { startPostgres } from "#local/postgres/start-postgres.ts";
import { problemsOf, runBriefings } from "./personal-ops/briefing-campaign.ts";

/**
 * The digest and the call of many days, both changes of the clocks among them, by four processes that tick twice and
 * request beside it, and that are killed with kill -9 while a provider has accepted the message: each day has one
 * digest and one call, by the providers' count.
 *
 *   npx node tests/load/briefings.ts --days 60
 */
const { values } = parseArgs({ options: { days: { type: "string", default: "60" } } });
const days = Number(values.days);
const state = await mkdtemp(join(tmpdir(), "rota-briefings-"));
const database = await startPostgres({ dataDirectory: state, port: await freePort(), settings: {} });
try {
  await applyMigrations(database.url, join(import.meta.dirname, "../../shared/data/migrations"));
  const result = await runBriefings(database.url, { days });
  const problems = problemsOf(result, days);
  const reports = [...result.received.keys()].filter((key) => key.startsWith("Morning report")).length;
  console.log(`${days} days, ${result.kills} processes killed, ${reports} reports in place of a confirmed call`);
  for (const problem of problems.slice(0, 20)) console.error(problem);
  console.log(problems.length ? `${problems.length} problems` : "each day: one digest, one call");
  process.exitCode = problems.length ? 1 : 0;
} finally {
  await database.stop();
  await rm(state, { recursive: true, force: true });
}
