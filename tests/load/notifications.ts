import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applyMigrations } from "#data/migrate.ts";
import { freePort } from "#local/ports.ts";
import { startPostgres } from "#local/postgres/start.ts";
import { campaign, faultsOf } from "./notifications/campaign.ts";

/**
 * Many notifications to a provider that is moody, limits its rate and refuses some for good, while their sender is killed with
 * kill -9: each has to arrive once by the provider's own count, and the refused ones have to fail with its reason.
 *
 *   node tests/load/notifications.ts --count 10000 --kills 3
 */
const { values } = parseArgs({
  options: { count: { type: "string", default: "10000" }, kills: { type: "string", default: "3" } },
});
const [count, kills] = [Number(values.count), Number(values.kills)];
const state = await mkdtemp(join(tmpdir(), "rota-notifications-"));
const database = await startPostgres({ dataDirectory: state, port: await freePort(), settings: {} });
try {
  await applyMigrations(database.url, join(import.meta.dirname, "../../shared/data/migrations"));
  const account = await campaign(database.url, { count, kills });
  const faults = faultsOf(account, count);
  const perSecond = (ms: number) => Math.round((count / ms) * 1_000).toLocaleString("en");
  console.log(`made       ${count} in ${account.enqueueMs} ms, ${perSecond(account.enqueueMs)}/s`);
  console.log(`carried    in ${account.drainMs} ms, ${perSecond(account.drainMs)}/s, ${account.kills} times killed`);
  console.log(`attempts   ${account.attempts}`);
  const share = `${account.limited} answered with 429, ${account.repeats} repeats that the provider recognised`;
  console.log(`requests   ${account.requests}, of them ${share}`);
  const failed = account.rows.filter(({ state }) => state === "failed").length;
  console.log(`delivered  ${account.taken.size}, by the provider's own count; failed for good ${failed}`);
  for (const fault of faults.slice(0, 20)) console.error(fault);
  console.log(faults.length ? `${faults.length} faults` : "each once: no duplicate, none lost");
  process.exitCode = faults.length ? 1 : 0;
} finally {
  await database.stop();
  await rm(state, { recursive: true, force: true });
}
