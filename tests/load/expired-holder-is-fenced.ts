import { parseArgs } from "node:util";
import { WITHOUT_SLOTS } from "./app/index.ts";
import type { AppProcess } from "./environment/app-process.ts";
import { type Claims, onStage } from "./environment/checks.ts";
import type { Stage } from "./environment/load-environment.ts";

/**
 * A process is frozen in the middle of a transaction, of `finish` and of a call to a service, until its leases have lapsed.
 * Another one takes its runs over and ends them. When it wakes up, nothing that it still does for them counts; then it goes on
 * working.
 *
 *   node tests/load/expired-holder-is-fenced.ts --times 5
 */
const { values } = parseArgs({ options: { times: { type: "string", default: "5" } } });
const times = Number(values.times);
const jobs = ["middle_of_transaction", "middle_of_finish", "middle_of_call"];

await onStage(`${jobs.join(", ")}: frozen there and taken over, ${times} times`, async (stage, claims) => {
  const late = await stage.startApp({ settings: WITHOUT_SLOTS });
  for (let round = 1; round <= times; round++) await freezeOnce(stage, late, round);
  await account(stage, late, claims);
});

async function freezeOnce(stage: Stage, late: AppProcess, round: number): Promise<void> {
  const names = jobs.map((job) => `${job} ${round}`);
  const held = Promise.all(names.map((name) => stage.outside.hold(name)));
  for (const [i, job] of jobs.entries()) await late.run(job, { name: names[i] });
  const calls = await held;
  late.freeze();

  // Its own leases outlive what a busy machine does to it.
  const other = await stage.startApp({ settings: { ...WITHOUT_SLOTS, JOB_LEASE: "1m" } });
  await stage.until("the other process ends the runs of the frozen one", async () => {
    await other.rescue();
    return (await ended(stage, names)) === jobs.length;
  });
  late.thaw();
  for (const call of calls) call.letGo();
  await stage.until("the late holder is refused", async () => refusals(late) === round * jobs.length);

  // Alone again, it does the next run: this one, and those of the next round.
  await other.stop();
  await late.run("one_write", { n: round });
  await stage.until("the late holder goes on working", async () => (await ended(stage, [`one_write ${round}`])) === 1);
}

async function account({ sql, count, outside }: Stage, late: AppProcess, claims: Claims): Promise<void> {
  const all = times * jobs.length;
  const effects = sql`select count(*) from load.effects where key like 'middle_of%'`;
  claims.claim(
    "runs taken from the frozen process and ended elsewhere",
    await count(sql`
    select count(*) from platform.job_runs
     where job_id like 'middle_of%' and state = 'succeeded' and attempt = 2 and errors::text like '%LeaseExpired%'`),
    all,
  );
  claims.claim("late ends that were refused", refusals(late), all);
  claims.claim("effects", await count(effects), all);
  claims.claim("effects of the late process", await count(sql`${effects} and (pid = ${late.pid} or attempt <> 2)`), 0);
  claims.claim(
    "runs that the late process did afterwards",
    await count(sql`
    select count(*) from load.effects where key like 'one_write%' and pid = ${late.pid}`),
    times,
  );
  claims.claim(
    "runs that did not end",
    await count(sql`
    select count(*) from platform.job_runs where family = 'load' and state in ('queued', 'running', 'retrying')`),
    0,
  );
  const calls = [...outside.calls].filter(([key]) => key.startsWith("middle_of_call"));
  claims.figure(
    "calls to the service, with one idempotency key a run",
    calls.reduce((sum, [, n]) => sum + n, 0),
  );
}

async function ended({ sql, count }: Stage, names: string[]): Promise<number> {
  return count(sql`select count(*) from load.effects e join platform.job_runs r on r.id = e.run_id
                    where e.key = any (${names}) and r.state = 'succeeded'`);
}

function refusals(late: AppProcess): number {
  return late.saidOf("Completion refused");
}
