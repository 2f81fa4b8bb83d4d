import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { account, SLOTS } from "./campaign/account.ts";
import { choose } from "./campaign/disturbances.ts";
import { Pair } from "./campaign/pair.ts";
import { Requests } from "./campaign/requests.ts";
import { type Claims, onStage } from "./stage/claims.ts";
import { diceOf } from "./stage/dice.ts";
import type { Stage } from "./stage/stage.ts";

/**
 * App processes, PostgreSQL and the broker are killed at random moments while slots, manual runs, events, retries, chains and
 * calls flow. Then everything has to come to rest, with nothing lost, nothing twice and nothing stuck.
 *
 *   node tests/load/crash-campaign.ts --rounds 200 --seed 7
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "200" }, seed: { type: "string", default: "7" } },
});
const rounds = Number(values.rounds);
const dice = diceOf(Number(values.seed));
/** What has not come to rest after this never will. */
const PATIENCE_MS = 120_000;

await onStage(`${rounds} disturbances with seed ${values.seed}`, async (stage, claims) => {
  const pair = await Pair.start(stage);
  const requests = new Requests(pair);
  const befallen = await disturb(stage, pair, requests);
  await requests.stop();
  for (const [name, times] of befallen) claims.figure(name, times);
  const lastSlot = await rest(stage, pair, claims);
  await account(stage, claims, requests, lastSlot);
});

async function disturb(stage: Stage, pair: Pair, requests: Requests): Promise<Map<string, number>> {
  const befallen = new Map<string, number>();
  for (let round = 1; round <= rounds; round++) {
    await requests.flow();
    await sleep(dice() * 1_500);
    const disturbance = choose(dice());
    await disturbance.befall({ stage, pair, which: dice() < 0.5 ? 0 : 1 });
    befallen.set(disturbance.name, (befallen.get(disturbance.name) ?? 0) + 1);
    if (round % 10 === 0) console.log(`  ${round} of ${rounds}, ${requests.count} requests taken`);
  }
  await requests.flow();
  return befallen;
}

/**
 * Waits until nothing that was asked for or due by now waits, runs or has yet to be noticed. The layer's own upkeep is not waited for: it is asked for
 * on and on, and tries again after a minute.
 * @returns the last slot that has to be accounted for */
async function rest({ sql, count }: Stage, pair: Pair, claims: Claims): Promise<Date> {
  const asked = new Date();
  const lastSlot = new Date(Math.floor((asked.getTime() - 2_000) / 1_000) * 1_000);
  const restless = sql`select * from platform.job_runs
    where family = 'load' and state in ('queued', 'retrying', 'running')
      and (scheduled_for <= ${lastSlot} or scheduled_for is null and queued_at <= ${asked})`;
  const behind = sql`select * from unnest(${Object.keys(SLOTS)}::text[]) as job(id)
    where not exists (select from platform.job_runs r where r.job_id = job.id and r.scheduled_for >= ${lastSlot})`;
  const unrest = () => count(sql`select (select count(*) from (${restless}) r) + (select count(*) from (${behind}) b)`);
  const end = Date.now() + PATIENCE_MS;
  for (let n = 0; (await unrest()) > 0 && Date.now() < end; n++) {
    await pair.upkeep(n % 2);
    await sleep(500);
  }
  const left = await sql<{ job: string; n: number }[]>`
    select job_id || ' ' || state as job, count(*)::int as n from (${restless}) r group by 1`;
  for (const { job, n } of left) claims.figure(`still ${job}`, n);
  claims.claim(
    "runs that never came to rest",
    left.reduce((sum, { n }) => sum + n, 0),
    0,
  );
  await Promise.all([0, 1].map((which) => pair.app(which).stop()));
  return lastSlot;
}
