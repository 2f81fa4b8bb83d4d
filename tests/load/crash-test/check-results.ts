import type { Claims } from "../environment/checks.ts";
import type { Stage } from "../environment/load-environment.ts";
import type { AskedJob, Requests } from "./run-requests.ts";

/** How many seconds lie between the slots of each job, and why one may be skipped by its policy; all others have to have run. */
export const SLOTS = {
  every_second: { seconds: 1, skippedFor: ["caught-up", "already-running"] },
  every_third_second: { seconds: 3, skippedFor: ["missed", "already-running"] },
  every_other_second: { seconds: 2, skippedFor: ["missed", "already-running"] },
};

/** Holds the database, and the service outside, to what was promised, when everything has come to rest. */
export async function account(stage: Stage, claims: Claims, requests: Requests, lastSlot: Date): Promise<void> {
  await figures(stage, claims, requests);
  await slots(stage, claims, lastSlot);
  await effects(stage, claims, requests);
  await repeats(stage, claims);
  await outside(stage, claims, requests);
}

async function figures({ sql, count }: Stage, claims: Claims, { count: taken, unanswered }: Requests): Promise<void> {
  const runs = sql`select count(*) from platform.job_runs`;
  claims.figure("requests that were taken; that had no answer", `${taken}; ${unanswered}`);
  claims.figure("runs", await count(runs));
  claims.figure("attempts", await count(sql`select sum(attempt) from platform.job_runs`));
  claims.figure(
    "runs taken from a dead or frozen holder",
    await count(sql`${runs} where errors::text like '%LeaseExpired%'`),
  );
  claims.claim("runs that run without a live lease", await count(sql`${runs} where lease_expires_at < now()`), 0);
}

/** Every slot from the first one on is in the ledger once, and ran or says why not. */
async function slots({ sql, count }: Stage, claims: Claims, lastSlot: Date): Promise<void> {
  for (const [job, { seconds, skippedFor }] of Object.entries(SLOTS)) {
    const all = sql`select count(*) from platform.job_runs where job_id = ${job} and scheduled_for <= ${lastSlot}`;
    const ran = await count(sql`${all} and state = 'succeeded'`);
    claims.figure(`slots of ${job}; that ran`, `${await count(all)}; ${ran}`);
    claims.claim(
      `slots of ${job} unaccounted for`,
      await count(sql`
        select count(*) from generate_series(
          (select min(scheduled_for) from platform.job_runs where job_id = ${job}), ${lastSlot}::timestamptz, ${seconds} * interval '1 second') slot
         where not exists (select from platform.job_runs r where r.job_id = ${job} and r.scheduled_for = slot)`),
      0,
    );
    claims.claim(
      `slots of ${job} that neither ran nor were skipped by its policy`,
      await count(
        sql`${all} and state <> 'succeeded' and not (state = 'skipped' and reason_code in ${sql(skippedFor)})`,
      ),
      0,
    );
  }
}

/** The key of the effect that a run has to have. */
const KEY_OF_RUN = `case
  when r.job_id like 'every_%' then r.job_id || ' ' || to_char(r.scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  when r.job_id like 'after_%' then r.job_id || ' ' || r.id
  else r.job_id || ' ' || (r.input->>'n') end`;

/** The key of an effect is unique, so one for each run is exactly one. */
async function effects({ sql, count }: Stage, claims: Claims, { taken }: Requests): Promise<void> {
  const key = sql.unsafe(KEY_OF_RUN);
  claims.claim(
    "effects without the attempt of a run that succeeded",
    await count(sql`
      select count(*) from load.effects e where not exists (
        select from platform.job_runs r
         where r.id = e.run_id and r.state = 'succeeded' and r.attempt = e.attempt and e.key = ${key})`),
    0,
  );
  claims.claim(
    "runs that succeeded without their effect",
    await count(sql`
      select count(*) from platform.job_runs r
       where r.state = 'succeeded' and r.family = 'load' and r.job_id <> 'repeats'
         and not exists (select from load.effects e where e.run_id = r.id and e.key = ${key})`),
    0,
  );
  claims.claim(
    "runs that died (one that is done twice would)",
    await count(sql`select count(*) from platform.job_runs
                     where state = 'dead' and family = 'load' and job_id <> 'calls_once'`),
    0,
  );
  claims.claim(
    "slots without exactly one run of the job that follows",
    await count(sql`
      select count(*) from platform.job_runs r where r.job_id = 'every_second' and r.state = 'succeeded'
         and (select count(*) from platform.job_runs c where c.parent_run_id = r.id) <> 1`),
    0,
  );
  for (const [job, numbers] of Object.entries(taken) as [AskedJob, Set<number>][]) {
    const ended = await sql<{ n: number }[]>`
      select (input->>'n')::int as n from platform.job_runs where job_id = ${job} and state in ('succeeded', 'dead')`;
    const known = new Set(ended.map(({ n }) => n));
    claims.claim(`requests of ${job} that were taken and lost`, [...numbers].filter((n) => !known.has(n)).length, 0);
  }
}

/** What is committed before the end of the run may be committed again, by another attempt; it is never left out. */
async function repeats({ sql, count }: Stage, claims: Claims): Promise<void> {
  const done = sql`select count(*) from platform.job_runs r where r.job_id = 'repeats' and r.state = 'succeeded'`;
  const again = sql`${done} and (select count(*) from load.repeats p where p.run_id = r.id) > 1`;
  claims.figure("runs that commit before their end; again", `${await count(done)}; ${await count(again)}`);
  claims.claim(
    "of these, those whose last attempt has no commit",
    await count(sql`
      ${done} and not exists (select from load.repeats p where p.run_id = r.id and p.attempt = r.attempt)`),
    0,
  );
  claims.claim(
    "commits without the run that they asked for, and such runs without a commit",
    await count(sql`
      select abs((select count(*) from load.repeats)
               - (select count(*) from platform.job_runs where job_id = 'after_repeats'))`),
    0,
  );
}

/** What the service outside has seen: with its idempotency key a call may come again; without one it must not. */
async function outside({ sql, count, outside: { calls } }: Stage, claims: Claims, { taken }: Requests): Promise<void> {
  const numbers = [...taken.calls].map((n) => calls.get(`call ${n}`) ?? 0);
  const repeated = numbers.filter((times) => times > 1).length;
  claims.figure("calls with an idempotency key; made again", `${numbers.length}; ${repeated}`);
  claims.claim("requests of calls without a call", numbers.filter((times) => times === 0).length, 0);
  const orders = [...calls].filter(([key]) => key.startsWith("order "));
  const parked = await count(sql`select count(*) from platform.effects where state = 'parked'`);
  claims.figure("orders, without one; parked, for only a person can know", `${orders.length}; ${parked}`);
  claims.claim("orders that were placed twice", orders.filter(([, times]) => times > 1).length, 0);
  claims.claim(
    "runs of calls_once that died for another reason",
    (await count(sql`select count(*) from platform.job_runs where job_id = 'calls_once' and state = 'dead'`)) - parked,
    0,
  );
}
