import { parseArgs } from "node:util";
import { openApp } from "#app";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { WITHOUT_TIMERS } from "./app/index.ts";
import { oneWrite } from "./app/jobs/requests.ts";
import { type Checks, runInEnvironment } from "./environment/checks.ts";
import type { LoadEnvironment } from "./environment/load-environment.ts";

/**
 * Event jobs with one real write each, over several app processes on one database and one broker: each runs once.
 *
 *   npx node tests/load/each-event-once.ts --events 20000 --processes 4
 */
const { values } = parseArgs({
  options: { events: { type: "string", default: "20000" }, processes: { type: "string", default: "4" } },
});
const [events, processes] = [Number(values.events), Number(values.processes)];
/** Enqueued in one statement. */
const AT_A_TIME = 1_000;
/** No process is killed, so a short lease would only expire on a busy machine. */
const settings = { ...WITHOUT_TIMERS, JOB_LEASE: "1m" };

await runInEnvironment(`${events} event jobs over ${processes} processes`, async (environment, checks) => {
  await Promise.all(Array.from({ length: processes }, () => environment.startApp({ settings })));
  await ask(environment);
  await environment.until("all runs have ended", async () => (await waiting(environment)) === 0, 600_000);
  await checkResults(environment, checks);
});

/** Enqueues like another system: rows in the ledger, then messages. */
async function ask({ settings }: LoadEnvironment): Promise<void> {
  const { LOAD_SERVICE_URL: _, ...own } = settings;
  const app = openApp(readConfig(own, [oneWrite]), catalogueOf([oneWrite]), { ownQueues: new Set([oneWrite.id]) });
  for (let first = 1; first <= events; first += AT_A_TIME) {
    const requests = Array.from({ length: Math.min(AT_A_TIME, events - first + 1) }, (_, i) => ({
      input: { n: first + i },
      trigger: "event" as const,
      requestedBy: "a script",
    }));
    await app.enqueuer.dispatch(await app.enqueuer.enqueueMany(app.db, oneWrite, requests));
  }
  await app.close(0);
}

async function waiting({ sql, count }: LoadEnvironment): Promise<number> {
  return count(
    sql`select count(*) from platform.job_runs where job_id = 'one_write' and state in ('queued', 'running', 'retrying')`,
  );
}

async function checkResults({ sql, count, apps }: LoadEnvironment, checks: Checks): Promise<void> {
  checks.equal(
    "runs that succeeded",
    await count(sql`select count(*) from platform.job_runs where job_id = 'one_write' and state = 'succeeded'`),
    events,
  );
  checks.equal(
    "runs that needed another attempt",
    await count(sql`select count(*) from platform.job_runs where job_id = 'one_write' and attempt > 1`),
    0,
  );
  checks.equal(
    "events with an effect, each with exactly one",
    await count(sql`select count(*) from load.effects`),
    events,
  );
  checks.equal(
    "numbers from 1 on without an effect",
    await count(sql`
    select count(*) from generate_series(1, ${events}) n where not exists (select from load.effects where key = 'one_write ' || n)`),
    0,
  );
  const seconds = await count(sql`
    select extract(epoch from max(finished_at) - min(started_at)) from platform.job_runs where job_id = 'one_write'`);
  checks.figure("runs/s, from the first start to the last end", Math.round(events / seconds));
  for (const [i, { pid }] of apps.entries()) {
    const share = await count(sql`select count(*) from load.effects where pid = ${pid}`);
    checks.figure(`done by process ${i + 1}`, `${share} (${((100 * share) / events).toFixed(0)} %)`);
  }
}
