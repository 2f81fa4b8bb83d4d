import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Job } from "#jobs";
import { occurrencesBetween, type Schedule } from "#schedule/index.ts";
import { everyOtherSecond, everySecond, everyThirdSecond, nightly } from "./app/jobs/slots.ts";
import { ShiftedClock } from "./clocks/process-clock.ts";
import type { AppProcess } from "./environment/app-process.ts";
import { type Checks, runInEnvironment } from "./environment/checks.ts";
import type { LoadEnvironment } from "./environment/load-environment.ts";
import { seededRandom } from "./environment/seeded-random.ts";

/**
 * The clocks of two processes jump forward and back and drift, over a clock change in Berlin; the database's clock is
 * right. No slot is lost, runs twice or starts early, and no run loses its lease or a retry.
 *
 *   node tests/load/clocks-that-jump.ts --change spring --seconds 60
 */
const { values } = parseArgs({
  options: {
    change: { type: "string", default: "spring" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
const CHANGES: Record<string, string> = { spring: "2027-03-28T01:00:00Z", autumn: "2027-10-31T01:00:00Z" };
const changeAt = CHANGES[values.change];
if (!changeAt) throw new Error(`--change: expected spring or autumn, got ${values.change}`);
const change = new Date(changeAt);
const seconds = Number(values.seconds);
/** How long the environment and the processes may take to start. */
const START_MS = 20_000;
const SLOTS = [everySecond, everyThirdSecond, everyOtherSecond, nightly];

/** How far a clock is off: milliseconds, and the growth in milliseconds a second. */
const FAULTS = [
  [7_200_000, 0],
  [-7_200_000, 0],
  [45_000, 0],
  [-45_000, 0],
  [5_000, 0],
  [-5_000, 0],
  [0, 4_000],
  [0, -4_000],
] as const;

await runInEnvironment(
  `Clocks that jump, over the clock change of ${values.change}, for ${seconds} s`,
  async (environment, checks) => {
    const clocks = [0, 1].map((n) => new ShiftedClock(join(environment.directory, `clock-${n}`)));
    await setRight(environment, clocks);
    const settings = { NIGHTLY_ENABLED: "true" };
    const apps = await Promise.all(clocks.map((clock) => environment.startApp({ clock, settings })));
    // A job without a slot in the ledger has no slots to catch up.
    await environment.until("each job has its first slot", () => haveSlots(environment));
    const begin = await databaseTime(environment);
    checks.equal("the database's clock is before the change", String(begin < change), "true");
    const requested = await disturb(environment, checks, { clocks, apps });
    await setRight(environment, clocks);
    const end = await databaseTime(environment);
    checks.equal("the database's clock is after the change", String(end > change), "true");
    await untilQuiet(environment, apps, { begin, end });
    await checkRuns(environment, checks, { begin, end, requested });
  },
  { startsAt: new Date(change.getTime() - START_MS - seconds * 500) },
);

function setRight({ clockShiftMs }: LoadEnvironment, clocks: readonly ShiftedClock[]): Promise<unknown> {
  return Promise.all(clocks.map((clock) => clock.set(clockShiftMs)));
}

async function haveSlots({ count, sql }: LoadEnvironment): Promise<boolean> {
  const ids = SLOTS.map(({ id }) => id);
  const found = await count(sql`select count(distinct job_id) from platform.job_runs where job_id in ${sql(ids)}`);
  return found === ids.length;
}

async function databaseTime({ count, sql }: LoadEnvironment): Promise<Date> {
  return new Date(await count(sql`select extract(epoch from clock_timestamp()) * 1000`));
}

/** Changes the clocks until the database's clock is past the change. @returns the number of requested runs */
async function disturb(
  environment: LoadEnvironment,
  checks: Checks,
  { clocks, apps }: { clocks: readonly ShiftedClock[]; apps: readonly AppProcess[] },
): Promise<number> {
  const random = seededRandom(Number(values.seed));
  const statuses = new Set<number>();
  let requested = 0;
  let faults = 0;
  while ((await databaseTime(environment)).getTime() < change.getTime() + seconds * 500) {
    const n = random() < 0.5 ? 0 : 1;
    const [ms, drift] = FAULTS[Math.floor(random() * FAULTS.length)]!;
    await clocks[n]!.set(environment.clockShiftMs + ms, drift);
    faults += 1;
    for (let i = 0; i < 5; i++) await apps[i % 2]!.run("flaky", { n: ++requested });
    await sleep(1_000 + random() * 2_000);
    statuses.add((await apps[n]!.call("GET", "api/jobs/health")).status);
    // Sometimes both clocks are wrong for a while.
    if (random() < 0.7) await clocks[n]!.set(environment.clockShiftMs);
  }
  checks.figure("changes of a clock", faults);
  checks.equal("health of a process with a wrong clock was 503 at times", String(statuses.has(503)), "true");
  return requested;
}

/** Waits until health is good again, every slot of the span is recorded and its runs have ended. */
async function untilQuiet(
  environment: LoadEnvironment,
  apps: readonly AppProcess[],
  span: { begin: Date; end: Date },
): Promise<void> {
  const { sql, count } = environment;
  await environment.until("the health of both processes is 200 again", async () =>
    (await Promise.all(apps.map((app) => app.call("GET", "api/jobs/health")))).every(({ status }) => status === 200),
  );
  await environment.until(
    "no slot is missing",
    async () =>
      (await Promise.all(SLOTS.map((job) => slotsOf(environment, job, span)))).every(({ lost }) => lost === 0),
    120_000,
  );
  await environment.until("all runs ended", async () => {
    await apps[0]!.rescue();
    return (
      (await count(
        sql`select count(*) from platform.job_runs where finished_at is null and queued_at < ${span.end}`,
      )) === 0
    );
  });
}

async function checkRuns(
  environment: LoadEnvironment,
  checks: Checks,
  { begin, end, requested }: { begin: Date; end: Date; requested: number },
): Promise<void> {
  const { sql, count } = environment;
  for (const job of SLOTS) {
    const { expected, lost, twice, succeeded } = await slotsOf(environment, job, { begin, end });
    checks.figure(`${job.id}: slots, and runs that succeeded`, `${expected}, ${succeeded}`);
    checks.equal(`${job.id}: slots lost`, lost, 0);
    checks.equal(`${job.id}: slots twice`, twice, 0);
    checks.equal(
      `${job.id}: effects are the slots that ran`,
      await count(sql`select count(*) from load.effects where key like ${`${job.id} %`}`),
      succeeded,
    );
  }
  // A process knows the database's clock up to half a round trip, which is long on a busy machine.
  const earlyMs = await count(sql`
    select max(extract(epoch from r.scheduled_for - least(e.at, r.heartbeat_at)) * 1000)
    from platform.job_runs r left join load.effects e on e.run_id = r.id where r.scheduled_for is not null`);
  checks.figure(
    "the earliest start before its slot, by the database's clock",
    `${Math.max(0, Math.round(earlyMs))} ms`,
  );
  checks.equal("slots started more than 1 s early", String(earlyMs > 1_000), "false");
  checks.equal(
    "flaky runs that succeeded",
    await count(sql`select count(*) from load.effects where key like 'flaky %'`),
    requested,
  );
  checks.equal(
    "runs that ended dead",
    await count(sql`select count(*) from platform.job_runs where state = 'dead'`),
    0,
  );
  checks.equal(
    "attempts that failed for another reason than on purpose",
    await count(sql`
      select count(*) from platform.job_runs, jsonb_array_elements(errors) e
      where e->>'message' not like 'now and then%'`),
    0,
  );
  checks.figure(
    "attempts that failed on purpose",
    await count(sql`select sum(jsonb_array_length(errors)) from platform.job_runs`),
  );
  checks.figure(
    "notifications of a wrong clock",
    await count(sql`select count(*) from platform.notifications where type = 'process.clock_wrong'`),
  );
}

/** Compares the slots that the schedule demands between two instants with the ledger. */
async function slotsOf({ sql }: LoadEnvironment, job: Job, { begin, end }: { begin: Date; end: Date }) {
  const rows = await sql<{ slot: Date; state: string }[]>`
    select scheduled_for as slot, state from platform.job_runs where job_id = ${job.id} and scheduled_for is not null`;
  const recorded = new Set(rows.map(({ slot }) => slot.getTime()));
  const expected = [...occurrencesBetween(job.on as Schedule, begin, end)];
  return {
    expected: expected.length,
    lost: expected.filter((slot) => !recorded.has(slot.getTime())).length,
    twice: rows.length - recorded.size,
    succeeded: rows.filter(({ state }) => state === "succeeded").length,
  };
}
