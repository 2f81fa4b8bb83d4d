import { parseArgs } from "node:util";
import { WITHOUT_TIMERS } from "./app/index.ts";
import type { AppProcess } from "./environment/app-process.ts";
import { type Checks, runInEnvironment } from "./environment/checks.ts";
import type { LoadEnvironment } from "./environment/load-environment.ts";

/**
 * A process is frozen inside a transaction, inside `finish` and inside a call of a service, until its leases have
 * expired. Another process takes its runs over and finishes them. After waking up, the frozen process has no effect on
 * these runs, and continues with new ones.
 *
 *   npx node tests/load/expired-holder-is-fenced.ts --times 5
 */
const { values } = parseArgs({ options: { times: { type: "string", default: "5" } } });
const times = Number(values.times);
const jobs = ["middle_of_transaction", "middle_of_finish", "middle_of_call"];

await runInEnvironment(
  `${jobs.join(", ")}: frozen there and taken over, ${times} times`,
  async (environment, checks) => {
    const late = await environment.startApp({ settings: WITHOUT_TIMERS });
    for (let round = 1; round <= times; round++) await freezeOnce(environment, late, round);
    await checkResults(environment, late, checks);
  },
);

async function freezeOnce(environment: LoadEnvironment, late: AppProcess, round: number): Promise<void> {
  const names = jobs.map((job) => `${job} ${round}`);
  const held = Promise.all(names.map((name) => environment.service.hold(name)));
  for (const [i, job] of jobs.entries()) await late.run(job, { name: names[i] });
  const calls = await held;
  late.freeze();

  // A long lease, so that it does not expire on a busy machine.
  const other = await environment.startApp({ settings: { ...WITHOUT_TIMERS, JOB_LEASE: "1m" } });
  await environment.until("the other process ends the runs of the frozen one", async () => {
    await other.rescue();
    return (await ended(environment, names)) === jobs.length;
  });
  late.thaw();
  for (const call of calls) call.release();
  await environment.until("the late holder is rejected", async () => rejections(late) === round * jobs.length);

  // Alone again, it executes the next run and those of the next round.
  await other.stop();
  await late.run("one_write", { n: round });
  await environment.until(
    "the late holder executes new runs",
    async () => (await ended(environment, [`one_write ${round}`])) === 1,
  );
}

async function checkResults({ sql, count, service }: LoadEnvironment, late: AppProcess, checks: Checks): Promise<void> {
  const all = times * jobs.length;
  const effects = sql`select count(*) from load.effects where key like 'middle_of%'`;
  checks.equal(
    "runs taken over from the frozen process and finished by another one",
    await count(sql`
    select count(*) from platform.job_runs
     where job_id like 'middle_of%' and state = 'succeeded' and attempt = 2 and errors::text like '%LeaseExpired%'`),
    all,
  );
  checks.equal("late completions that were rejected", rejections(late), all);
  checks.equal("effects", await count(effects), all);
  checks.equal("effects of the late process", await count(sql`${effects} and (pid = ${late.pid} or attempt <> 2)`), 0);
  checks.equal(
    "runs that the late process executed afterwards",
    await count(sql`
    select count(*) from load.effects where key like 'one_write%' and pid = ${late.pid}`),
    times,
  );
  checks.equal(
    "unfinished runs",
    await count(sql`
    select count(*) from platform.job_runs where family = 'load' and state in ('queued', 'running', 'retrying')`),
    0,
  );
  const calls = [...service.calls].filter(([key]) => key.startsWith("middle_of_call"));
  checks.figure(
    "calls of the service, with one idempotency key per run",
    calls.reduce((sum, [, n]) => sum + n, 0),
  );
}

async function ended({ sql, count }: LoadEnvironment, names: string[]): Promise<number> {
  return count(sql`select count(*) from load.effects e join platform.job_runs r on r.id = e.run_id
                    where e.key = any (${names}) and r.state = 'succeeded'`);
}

function rejections(late: AppProcess): number {
  return late.countLogLines("Completion refused");
}
