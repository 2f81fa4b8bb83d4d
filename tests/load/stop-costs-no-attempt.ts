import { parseArgs } from "node:util";
import { WITHOUT_SLOTS } from "./app/index.ts";
import { onStage } from "./stage/claims.ts";

/**
 * A process gets SIGTERM in the middle of runs: some listen to their signal, some do not. Each goes on in another process, with
 * no attempt lost, long before its lease would have lapsed.
 *
 *   node tests/load/stop-costs-no-attempt.ts --runs 6
 */
const { values } = parseArgs({ options: { runs: { type: "string", default: "6" } } });
const each = Number(values.runs);
const jobs = ["middle_of_call", "deaf_in_the_middle"];
/** What holds a run is not found by rescue in the time that this takes: only who gives it back can move it on. */
const settings = { ...WITHOUT_SLOTS, JOB_LEASE: "10m", LOAD_GRACE_MS: "500" };

await onStage(`SIGTERM in the middle of ${each} × ${jobs.join(" and ")}`, async (stage, claims) => {
  const names = jobs.flatMap((job) => Array.from({ length: each }, (_, n) => ({ job, name: `${job} ${n + 1}` })));
  const leaving = await stage.startApp({ settings });
  const held = Promise.all(names.map(({ name }) => stage.outside.hold(name)));
  for (const { job, name } of names) await leaving.run(job, { name });
  const calls = await held;
  const staying = await stage.startApp({ settings });
  claims.claim("exit code", (await leaving.stop()) ?? "none", 0);
  for (const call of calls) call.letGo();

  const { sql, count } = stage;
  await stage.until("the runs end elsewhere", async () => {
    await staying.rescue();
    return (
      (await count(sql`select count(*) from platform.job_runs where state in ('queued', 'running', 'retrying')`)) === 0
    );
  });
  const runs = sql`select count(*) from platform.job_runs where job_id = any (${jobs})`;
  claims.claim(
    "runs that went on and succeeded",
    await count(sql`${runs} and state = 'succeeded' and attempt = 2`),
    names.length,
  );
  claims.claim(
    "runs that lost an attempt",
    await count(sql`${runs} and (max_attempts - attempt <> 50 or errors <> '[]')`),
    0,
  );
  claims.claim(
    "effects of the process that stayed",
    await count(sql`select count(*) from load.effects where pid = ${staying.pid}`),
    names.length,
  );
  claims.claim("effects", await count(sql`select count(*) from load.effects`), names.length);
});
