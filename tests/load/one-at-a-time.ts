import { parseArgs } from "node:util";
import { openApp } from "#app";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { WITHOUT_SLOTS } from "./app/index.ts";
import { oneAtATime } from "./app/jobs/requests.ts";
import { type Claims, onStage } from "./environment/checks.ts";
import type { Stage } from "./environment/load-environment.ts";

/**
 * Runs that wait in lines for their concurrency keys, over several app processes: never two of a line at once, each once, and how fast
 * and in which order a line moves on.
 *
 *   node tests/load/one-at-a-time.ts --runs 1000 --lines 4 --processes 2
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    lines: { type: "string", default: "4" },
    processes: { type: "string", default: "2" },
  },
});
const [runs, lines, processes] = [values.runs, values.lines, values.processes].map(Number) as [number, number, number];

await onStage(`${runs} runs in ${lines} lines over ${processes} processes`, async (stage, claims) => {
  await Promise.all(Array.from({ length: processes }, () => stage.startApp({ settings: WITHOUT_SLOTS })));
  await ask(stage);
  await stage.until("all runs have ended", async () => (await left(stage)) === 0, 600_000);
  await account(stage, claims);
});

async function ask({ settings }: Stage): Promise<void> {
  const { LOAD_OUTSIDE: _, ...own } = settings;
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

async function left({ sql, count }: Stage): Promise<number> {
  return count(sql`select count(*) from platform.job_runs where job_id = ${oneAtATime.id} and finished_at is null`);
}

async function account({ sql, count }: Stage, claims: Claims): Promise<void> {
  claims.claim(
    "runs that succeeded",
    await count(sql`select count(*) from platform.job_runs where job_id = ${oneAtATime.id} and state = 'succeeded'`),
    runs,
  );
  claims.claim(
    "runs that met another of their line",
    await count(sql`select count(*) from platform.job_runs where job_id = ${oneAtATime.id} and attempt > 1`),
    0,
  );
  claims.claim("effects, one of each run", await count(sql`select count(*) from load.effects`), runs);
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
  claims.figure("runs/s, all lines together", (runs / moved!.seconds).toFixed(1));
  claims.figure("ms from the end of one to the start of the next, p50", moved!.wait.toFixed(1));
  claims.figure("the longest such pause, ms", moved!.longest.toFixed(0));
  claims.figure("places that a run is ahead or behind its turn, p99", moved!.early.toFixed(0));
}
