import { parseArgs } from "node:util";
import { WITHOUT_TIMERS } from "./app/index.ts";
import { runInEnvironment } from "./environment/checks.ts";

/**
 * A process gets SIGTERM during runs, of which some observe their signal and some do not. Each run continues in another
 * process without losing an attempt, long before its lease expires.
 *
 *   npx node tests/load/stop-costs-no-attempt.ts --runs 6
 */
const { values } = parseArgs({ options: { runs: { type: "string", default: "6" } } });
const each = Number(values.runs);
const jobs = ["middle_of_call", "deaf_in_the_middle"];
/** A long lease: the rescuer finds no run in this time, so a run continues only when its holder releases it. */
const settings = { ...WITHOUT_TIMERS, JOB_LEASE: "10m", LOAD_GRACE_MS: "500" };

await runInEnvironment(`SIGTERM in the middle of ${each} × ${jobs.join(" and ")}`, async (environment, checks) => {
  const names = jobs.flatMap((job) => Array.from({ length: each }, (_, n) => ({ job, name: `${job} ${n + 1}` })));
  const leaving = await environment.startApp({ settings });
  const held = Promise.all(names.map(({ name }) => environment.service.hold(name)));
  for (const { job, name } of names) await leaving.run(job, { name });
  const calls = await held;
  const staying = await environment.startApp({ settings });
  checks.equal("exit code", (await leaving.stop()) ?? "none", 0);
  for (const call of calls) call.release();

  const { sql, count } = environment;
  await environment.until("the runs finish in the other process", async () => {
    await staying.rescue();
    return (
      (await count(sql`select count(*) from platform.job_runs where state in ('queued', 'running', 'retrying')`)) === 0
    );
  });
  const runs = sql`select count(*) from platform.job_runs where job_id = any (${jobs})`;
  checks.equal(
    "runs that continued and succeeded",
    await count(sql`${runs} and state = 'succeeded' and attempt = 2`),
    names.length,
  );
  checks.equal(
    "runs that lost an attempt",
    await count(sql`${runs} and (max_attempts - attempt <> 50 or errors <> '[]')`),
    0,
  );
  checks.equal(
    "effects of the remaining process",
    await count(sql`select count(*) from load.effects where pid = ${staying.pid}`),
    names.length,
  );
  checks.equal("effects", await count(sql`select count(*) from load.effects`), names.length);
});
