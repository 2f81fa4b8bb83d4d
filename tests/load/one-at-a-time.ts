import { parseArgs } from "node:util";
import { openApp } from "#app";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { WITHOUT_TIMERS } from "./app/index.ts";
import { oneAtATime } from "./app/jobs/requests.ts";
import { type Checks, runInEnvironment } from "./environment/checks.ts";
import type { LoadEnvironment } from "./environment/load-environment.ts";

/**
 * Runs that wait for their concurrency keys, over several app processes: never two of a key at once, each run once. It
 * also measures how fast and in which order the runs of a key start.
 *
 *   npx node tests/load/one-at-a-time.ts --runs 1000 --lines 4 --processes 2
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    lines: { type: "string", default: "4" },
    processes: { type: "string", default: "2" },
  },
});
const [runs, lines, processes] = [values.runs, values.lines, values.processes].map(Number) as [number, number, number];

await runInEnvironment(`${runs} runs in ${lines} lines over ${processes} processes`, async (environment, checks) => {
  await Promise.all(Array.from({ length: processes }, () => environment.startApp({ settings: WITHOUT_TIMERS })));
  await ask(environment);
  await environment.until("all runs have ended", async () => (await left(environment)) === 0, 600_000);
  await checkResults(environment, checks);
});

async function ask({ settings }: LoadEnvironment): Promise<void> {
  const { LOAD_SERVICE_URL: _, ...own } = settings;
  const ownQueues = new Set([oneAtATime.id]);
  const app = openApp(readConfig(own, [oneAtATime]), catalogueOf([oneAtATime]), { ownQueues });
  const requests = Array.from({ length: runs }, (_run, n) => ({
    input: { n, line: n % lines },
    trigger: "event" as const,
    requestedBy: "a script",
  }));
  await app.enqueuer.dispatch(await app.enqueuer.enqueueMany(app.db, oneAtATime, requests));
  await app.close(0);
}

async function left({ sql, count }: LoadEnvironment): Promise<number> {
  return count(sql`select count(*) from platform.job_runs where job_id = ${oneAtATime.id} and finished_at is null`);
}

async function checkResults({ sql, count }: LoadEnvironment, checks: Checks): Promise<void> {
  checks.equal(
    "runs that succeeded",
    await count(sql`select count(*) from platform.job_runs where job_id = ${oneAtATime.id} and state = 'succeeded'`),
    runs,
  );
  checks.equal(
    "runs that overlapped another run of their key",
    await count(sql`select count(*) from platform.job_runs where job_id = ${oneAtATime.id} and attempt > 1`),
    0,
  );
  checks.equal("effects, one for each run", await count(sql`select count(*) from load.effects`), runs);
  const [moved] = await sql<{ seconds: number; wait: number; longest: number; early: number }[]>`
    with line as (
      select id, started_at, finished_at, lag(finished_at) over own as before, row_number() over own as place,
             row_number() over (partition by concurrency_key order by id) as asked
        from platform.job_runs where job_id = ${oneAtATime.id} window own as (partition by concurrency_key order by started_at, finished_at)
    )
    select extract(epoch from max(finished_at) - min(started_at))::float8 as seconds,
           percentile_cont(0.5) within group (order by extract(epoch from started_at - before) * 1000) as wait,
           max(extract(epoch from started_at - before) * 1000)::float8 as longest,
           percentile_cont(0.99) within group (order by abs(place - asked)) as early
      from line`;
  checks.figure("runs/s, all lines together", (runs / moved!.seconds).toFixed(1));
  checks.figure("ms from the end of one to the start of the next, p50", moved!.wait.toFixed(1));
  checks.figure("the longest such pause, ms", moved!.longest.toFixed(0));
  checks.figure("positions that a run is ahead or behind its order, p99", moved!.early.toFixed(0));
}
