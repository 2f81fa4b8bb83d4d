import { parseArgs } from "node:util";
import { openApp } from "#app";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { WITHOUT_SLOTS } from "./app/index.ts";
import { oneWrite } from "./app/jobs/requests.ts";
import { type Claims, onStage } from "./environment/checks.ts";
import type { Stage } from "./environment/load-environment.ts";

/**
 * Event jobs that each do one real write, over several app processes on one database and one broker: each is done once.
 *
 *   node tests/load/each-event-once.ts --events 20000 --processes 4
 */
const { values } = parseArgs({
  options: { events: { type: "string", default: "20000" }, processes: { type: "string", default: "4" } },
});
const [events, processes] = [Number(values.events), Number(values.processes)];
/** Asked for in one statement. */
const AT_A_TIME = 1_000;
/** Nobody is killed: a lease that lapsed would be the machine's fault. */
const settings = { ...WITHOUT_SLOTS, JOB_LEASE: "1m" };

await onStage(`${events} event jobs over ${processes} processes`, async (stage, claims) => {
  await Promise.all(Array.from({ length: processes }, () => stage.startApp({ settings })));
  await ask(stage);
  await stage.until("all runs have ended", async () => (await waiting(stage)) === 0, 600_000);
  await account(stage, claims);
});

/** As another system would: rows in the ledger, then messages. */
async function ask({ settings }: Stage): Promise<void> {
  const { LOAD_OUTSIDE: _, ...own } = settings;
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

async function waiting({ sql, count }: Stage): Promise<number> {
  return count(
    sql`select count(*) from platform.job_runs where job_id = 'one_write' and state in ('queued', 'running', 'retrying')`,
  );
}

async function account({ sql, count, apps }: Stage, claims: Claims): Promise<void> {
  claims.claim(
    "runs that succeeded",
    await count(sql`select count(*) from platform.job_runs where job_id = 'one_write' and state = 'succeeded'`),
    events,
  );
  claims.claim(
    "runs that needed another attempt",
    await count(sql`select count(*) from platform.job_runs where job_id = 'one_write' and attempt > 1`),
    0,
  );
  claims.claim(
    "events with an effect, each with exactly one",
    await count(sql`select count(*) from load.effects`),
    events,
  );
  claims.claim(
    "numbers from 1 on without an effect",
    await count(sql`
    select count(*) from generate_series(1, ${events}) n where not exists (select from load.effects where key = 'one_write ' || n)`),
    0,
  );
  const seconds = await count(sql`
    select extract(epoch from max(finished_at) - min(started_at)) from platform.job_runs where job_id = 'one_write'`);
  claims.figure("runs/s, from the first start to the last end", Math.round(events / seconds));
  for (const [i, { pid }] of apps.entries()) {
    const share = await count(sql`select count(*) from load.effects where pid = ${pid}`);
    claims.figure(`done by process ${i + 1}`, `${share} (${((100 * share) / events).toFixed(0)} %)`);
  }
}
