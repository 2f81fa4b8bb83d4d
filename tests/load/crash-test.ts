import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { AppPair } from "./crash-test/app-pair.ts";
import { checkResults, SLOTS } from "./crash-test/check-results.ts";
import { choose } from "./crash-test/failures.ts";
import { RunRequests } from "./crash-test/run-requests.ts";
import { type Checks, runInEnvironment } from "./environment/checks.ts";
import type { LoadEnvironment } from "./environment/load-environment.ts";
import { seededRandom } from "./environment/seeded-random.ts";

/**
 * App processes, PostgreSQL and the broker are killed at random times during slots, manual runs, events, retries,
 * chains and calls. Afterwards all runs must finish, without a lost, duplicate or stuck run.
 *
 *   npx node tests/load/crash-test.ts --rounds 200 --seed 7
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "200" }, seed: { type: "string", default: "7" } },
});
const rounds = Number(values.rounds);
const random = seededRandom(Number(values.seed));
/** The time in which all runs must finish. */
const SETTLE_TIMEOUT_MS = 120_000;

await runInEnvironment(`${rounds} failures with seed ${values.seed}`, async (environment, checks) => {
  const pair = await AppPair.start(environment);
  const requests = new RunRequests(pair);
  const injected = await disturb(environment, pair, requests);
  await requests.stop();
  for (const [name, times] of injected) checks.figure(name, times);
  const lastSlot = await waitUntilSettled(environment, pair, checks);
  await checkResults(environment, checks, requests, lastSlot);
});

async function disturb(
  environment: LoadEnvironment,
  pair: AppPair,
  requests: RunRequests,
): Promise<Map<string, number>> {
  const injected = new Map<string, number>();
  for (let round = 1; round <= rounds; round++) {
    await requests.flow();
    await sleep(random() * 1_500);
    const failure = choose(random());
    await failure.inject({ environment, pair, which: random() < 0.5 ? 0 : 1 });
    injected.set(failure.name, (injected.get(failure.name) ?? 0) + 1);
    if (round % 10 === 0) console.log(`  ${round} of ${rounds}, ${requests.count} requests taken`);
  }
  await requests.flow();
  return injected;
}

/**
 * Waits until all runs that are requested or due until now have finished. Upkeep jobs are excluded: they are requested
 * continuously, and retry after a minute.
 * @returns the last slot to account for */
async function waitUntilSettled({ sql, count }: LoadEnvironment, pair: AppPair, checks: Checks): Promise<Date> {
  const asked = new Date();
  const lastSlot = new Date(Math.floor((asked.getTime() - 2_000) / 1_000) * 1_000);
  const unfinished = sql`select * from platform.job_runs
    where family = 'load' and state in ('queued', 'retrying', 'running')
      and (scheduled_for <= ${lastSlot} or scheduled_for is null and queued_at <= ${asked})`;
  const behind = sql`select * from unnest(${Object.keys(SLOTS)}::text[]) as job(id)
    where not exists (select from platform.job_runs r where r.job_id = job.id and r.scheduled_for >= ${lastSlot})`;
  const open = () => count(sql`select (select count(*) from (${unfinished}) r) + (select count(*) from (${behind}) b)`);
  const end = Date.now() + SETTLE_TIMEOUT_MS;
  for (let n = 0; (await open()) > 0 && Date.now() < end; n++) {
    await pair.upkeep(n % 2);
    await sleep(500);
  }
  const left = await sql<{ job: string; n: number }[]>`
    select job_id || ' ' || state as job, count(*)::int as n from (${unfinished}) r group by 1`;
  for (const { job, n } of left) checks.figure(`still ${job}`, n);
  checks.equal(
    "runs that never finished",
    left.reduce((sum, { n }) => sum + n, 0),
    0,
  );
  await Promise.all([0, 1].map((which) => pair.app(which).stop()));
  return lastSlot;
}
