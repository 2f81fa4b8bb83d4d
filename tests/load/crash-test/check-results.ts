import type { Checks } from "../environment/checks.ts";
import type { LoadEnvironment } from "../environment/load-environment.ts";
import type { AskedJob, RunRequests } from "./run-requests.ts";

/**
 * The seconds between the slots of each job, and the allowed reasons of skipped slots; all other slots must have run.
 */
export const SLOTS = {
  every_second: { seconds: 1, skippedFor: ["caught-up", "already-running"] },
  every_third_second: { seconds: 3, skippedFor: ["missed", "already-running"] },
  every_other_second: { seconds: 2, skippedFor: ["missed", "already-running"] },
};

/** Checks the database and the calls of the fake service against the guarantees, after all runs have finished. */
export async function checkResults(
  environment: LoadEnvironment,
  checks: Checks,
  requests: RunRequests,
  lastSlot: Date,
): Promise<void> {
  await figures(environment, checks, requests);
  await slots(environment, checks, lastSlot);
  await effects(environment, checks, requests);
  await repeats(environment, checks);
  await service(environment, checks, requests);
}

async function figures(
  { sql, count }: LoadEnvironment,
  checks: Checks,
  { count: taken, unanswered }: RunRequests,
): Promise<void> {
  const runs = sql`select count(*) from platform.job_runs`;
  checks.figure("requests that were accepted; that had no answer", `${taken}; ${unanswered}`);
  checks.figure("runs", await count(runs));
  checks.figure("attempts", await count(sql`select sum(attempt) from platform.job_runs`));
  checks.figure(
    "runs taken over from a dead or frozen holder",
    await count(sql`${runs} where errors::text like '%LeaseExpired%'`),
  );
  checks.equal("running runs with an expired lease", await count(sql`${runs} where lease_expires_at < now()`), 0);
}

/** Every slot from the first one on is in the ledger once, and ran or has a reason. */
async function slots({ sql, count }: LoadEnvironment, checks: Checks, lastSlot: Date): Promise<void> {
  for (const [job, { seconds, skippedFor }] of Object.entries(SLOTS)) {
    const all = sql`select count(*) from platform.job_runs where job_id = ${job} and scheduled_for <= ${lastSlot}`;
    const ran = await count(sql`${all} and state = 'succeeded'`);
    checks.figure(`slots of ${job}; that ran`, `${await count(all)}; ${ran}`);
    checks.equal(
      `slots of ${job} unaccounted for`,
      await count(sql`
        select count(*) from generate_series(
          (select min(scheduled_for) from platform.job_runs where job_id = ${job}), ${lastSlot}::timestamptz, ${seconds} * interval '1 second') slot
         where not exists (select from platform.job_runs r where r.job_id = ${job} and r.scheduled_for = slot)`),
      0,
    );
    checks.equal(
      `slots of ${job} that neither ran nor were skipped by its policy`,
      await count(
        sql`${all} and state <> 'succeeded' and not (state = 'skipped' and reason_code in ${sql(skippedFor)})`,
      ),
      0,
    );
  }
}

/** The key of the effect of a run. */
const KEY_OF_RUN = `case
  when r.job_id like 'every_%' then r.job_id || ' ' || to_char(r.scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  when r.job_id like 'after_%' then r.job_id || ' ' || r.id
  else r.job_id || ' ' || (r.input->>'n') end`;

/** The key of an effect is unique, so each run has at most one. */
async function effects({ sql, count }: LoadEnvironment, checks: Checks, { taken }: RunRequests): Promise<void> {
  const key = sql.unsafe(KEY_OF_RUN);
  checks.equal(
    "effects without the attempt of a run that succeeded",
    await count(sql`
      select count(*) from load.effects e where not exists (
        select from platform.job_runs r
         where r.id = e.run_id and r.state = 'succeeded' and r.attempt = e.attempt and e.key = ${key})`),
    0,
  );
  checks.equal(
    "runs that succeeded without their effect",
    await count(sql`
      select count(*) from platform.job_runs r
       where r.state = 'succeeded' and r.family = 'load' and r.job_id <> 'repeats'
         and not exists (select from load.effects e where e.run_id = r.id and e.key = ${key})`),
    0,
  );
  checks.equal(
    "dead runs (a run that is done twice ends dead)",
    await count(sql`select count(*) from platform.job_runs
                     where state = 'dead' and family = 'load' and job_id <> 'calls_once'`),
    0,
  );
  checks.equal(
    "slots without exactly one run of the chained job",
    await count(sql`
      select count(*) from platform.job_runs r where r.job_id = 'every_second' and r.state = 'succeeded'
         and (select count(*) from platform.job_runs c where c.parent_run_id = r.id) <> 1`),
    0,
  );
  for (const [job, numbers] of Object.entries(taken) as [AskedJob, Set<number>][]) {
    const ended = await sql<{ n: number }[]>`
      select (input->>'n')::int as n from platform.job_runs where job_id = ${job} and state in ('succeeded', 'dead')`;
    const known = new Set(ended.map(({ n }) => n));
    checks.equal(`requests of ${job} that were accepted and lost`, [...numbers].filter((n) => !known.has(n)).length, 0);
  }
}

/** A later attempt may repeat a commit before the end of the run, but never omits it. */
async function repeats({ sql, count }: LoadEnvironment, checks: Checks): Promise<void> {
  const done = sql`select count(*) from platform.job_runs r where r.job_id = 'repeats' and r.state = 'succeeded'`;
  const again = sql`${done} and (select count(*) from load.repeats p where p.run_id = r.id) > 1`;
  checks.figure("runs that commit before their end; repeatedly", `${await count(done)}; ${await count(again)}`);
  checks.equal(
    "of these, runs whose last attempt has no commit",
    await count(sql`
      ${done} and not exists (select from load.repeats p where p.run_id = r.id and p.attempt = r.attempt)`),
    0,
  );
  checks.equal(
    "commits without the run that they enqueued, and such runs without a commit",
    await count(sql`
      select abs((select count(*) from load.repeats)
               - (select count(*) from platform.job_runs where job_id = 'after_repeats'))`),
    0,
  );
}

/** Checks the calls of the fake service: calls with an idempotency key may repeat, others must not. */
async function service(
  { sql, count, service: { calls } }: LoadEnvironment,
  checks: Checks,
  { taken }: RunRequests,
): Promise<void> {
  const numbers = [...taken.calls].map((n) => calls.get(`call ${n}`) ?? 0);
  const repeated = numbers.filter((times) => times > 1).length;
  checks.figure("calls with an idempotency key; repeated", `${numbers.length}; ${repeated}`);
  checks.equal("runs of calls without a call", numbers.filter((times) => times === 0).length, 0);
  const orders = [...calls].filter(([key]) => key.startsWith("order "));
  const parked = await count(sql`select count(*) from platform.effects where state = 'parked'`);
  checks.figure("orders without a key; parked for a decision of a person", `${orders.length}; ${parked}`);
  checks.equal("orders placed twice", orders.filter(([, times]) => times > 1).length, 0);
  checks.equal(
    "runs of calls_once that died for another reason",
    (await count(sql`select count(*) from platform.job_runs where job_id = 'calls_once' and state = 'dead'`)) - parked,
    0,
  );
}
