import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applyMigrations } from "#data/apply-migrations.ts";
import { freePort } from "#local/ports.ts";
import { startPostgres } from "#local/postgres/start-postgres.ts";
import { problemsOf, runDeliveryTest } from "./notifications/delivery-test.ts";

/**
 * Many notifications to an unreliable receiver that limits its rate and always rejects some, while the sender is killed
 * with kill -9: each must arrive once by the receiver's count, and the rejected ones must fail with its reason.
 *
 *   npx node tests/load/notifications.ts --count 10000 --kills 3
 */
const { values } = parseArgs({
  options: { count: { type: "string", default: "10000" }, kills: { type: "string", default: "3" } },
});
const [count, kills] = [Number(values.count), Number(values.kills)];
const state = await mkdtemp(join(tmpdir(), "rota-notifications-"));
const database = await startPostgres({ dataDirectory: state, port: await freePort(), settings: {} });
try {
  await applyMigrations(database.url, join(import.meta.dirname, "../../shared/data/migrations"));
  const account = await runDeliveryTest(database.url, { count, kills });
  const problems = problemsOf(account, count);
  const perSecond = (ms: number) => Math.round((count / ms) * 1_000).toLocaleString("en");
  console.log(`enqueued   ${count} in ${account.enqueueMs} ms, ${perSecond(account.enqueueMs)}/s`);
  console.log(`sent       in ${account.drainMs} ms, ${perSecond(account.drainMs)}/s, ${account.kills} times killed`);
  console.log(`attempts   ${account.attempts}`);
  const share = `${account.limited} answered with 429, ${account.repeats} repeats that the receiver recognised`;
  console.log(`requests   ${account.requests}, of them ${share}`);
  const failed = account.rows.filter(({ state }) => state === "failed").length;
  console.log(`delivered  ${account.taken.size}, by the receiver's count; rejected ${failed}`);
  for (const fault of problems.slice(0, 20)) console.error(fault);
  console.log(problems.length ? `${problems.length} problems` : "each delivered once: no duplicate, none lost");
  process.exitCode = problems.length ? 1 : 0;
} finally {
  await database.stop();
  await rm(state, { recursive: true, force: true });
}
