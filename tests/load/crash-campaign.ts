import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { freePort } from "../../local/ports.ts";
import { startPostgres, type RunningPostgres } from "../../local/postgres/start.ts";
import { applyMigrations } from "../../shared/data/migrate.ts";

/**
 * kill -9 at random moments of two app processes, PostgreSQL and the broker stand-in, while slots, manual runs, events,
 * retries and chains flow. Then everything has to come to rest with each effect there exactly once.
 *
 *   node tests/load/crash-campaign.ts --rounds 200 --seed 7
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "200" }, seed: { type: "string", default: "7" } },
});
const rounds = Number(values.rounds);
const random = seeded(Number(values.seed));

const root = join(import.meta.dirname, "../..");
const appDirectory = join(root, ".rota/campaign/app");
const state = await mkdtemp(join(tmpdir(), "rota-campaign-"));
const key = "campaign-key-campaign-key-campaign-key";

await rm(appDirectory, { recursive: true, force: true });
await mkdir(appDirectory, { recursive: true });
execFileSync(
  process.execPath,
  [join(root, "scripts/build.ts"), "--functions", "tests/load/campaign", "--out", ".rota/campaign/app/dist"],
  { stdio: "inherit" },
);
await copyFile(join(root, "host.json"), join(appDirectory, "host.json"));
await writeFile(join(appDirectory, "package.json"), JSON.stringify({ type: "module", main: "dist/main.js" }));

// fsync stays on: a database that forgets what it acknowledged would prove nothing.
const databasePort = await freePort();
const databaseOptions = { dataDirectory: state, port: databasePort, settings: { max_connections: "100" } };
let database: RunningPostgres = await startPostgres(databaseOptions);
const sql = postgres(database.url, { max: 4, onnotice: () => undefined, connect_timeout: 5 });
await applyMigrations(database.url, join(root, "shared/data/migrations"));
await sql`create schema campaign`;
await sql`create table campaign.effects (key text primary key, at timestamptz not null default now())`;

const brokerPort = await freePort();
const serviceBus = `Endpoint=sb://127.0.0.1:${brokerPort};SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true`;
let broker = await startBroker();
const ports = [await freePort(), await freePort()];
const apps = ports.map((port) => startApp(port));
const startedAt = new Date();

let asked = 0;
let refused = 0;
const taken = [0, 0];
const refusals = new Map<string, number>();
const acknowledged = { flaky: new Set<number>(), small: new Set<number>() };
let flowing = true;
const flow = Promise.all([keepAsking("flaky", 25), keepAsking("small", 8), keepRescuing()]);

const killed = { app: 0, PostgreSQL: 0, broker: 0 };
for (let round = 1; round <= rounds; round++) {
  // A kill hits work only when there is some: wait until both apps have taken a request since the last one.
  await flowingAgain();
  await sleep(random() * 1_500);
  const dice = random();
  if (dice < 0.8) {
    const i = random() < 0.5 ? 0 : 1;
    await kill(apps[i]!);
    apps[i] = startApp(ports[i]!);
    killed.app += 1;
  } else if (dice < 0.9) {
    process.kill(database.pid, "SIGKILL");
    await database.stop().catch(() => undefined);
    database = await startPostgres(databaseOptions);
    killed.PostgreSQL += 1;
  } else {
    await kill(broker);
    broker = await startBroker();
    killed.broker += 1;
  }
  if (round % 10 === 0) console.log(`round ${round} of ${rounds}: ${asked} asked for, ${refused} not acknowledged`);
}
flowing = false;
await flow;
// The last slots that both apps saw; what comes now only has to come to rest.
const lastSlot = new Date(Math.floor((Date.now() - 2_000) / 1_000) * 1_000);
console.log("No more kills; waiting until nothing waits or runs …");
const restless = await untilAtRest();
await Promise.all(apps.map(kill));

const count = async (query: postgres.PendingQuery<postgres.Row[]>) => Number((await query)[0]!.n);
const runs = await count(sql`select count(*) n from platform.job_runs`);
const attempts = await count(sql`select sum(attempt) n from platform.job_runs`);
const missing = async (job: "flaky" | "small") => {
  const there = new Set(
    (await sql<{ key: string }[]>`select key from campaign.effects where key like ${`${job} %`}`).map(({ key }) =>
      Number(key.split(" ")[1]),
    ),
  );
  return [...acknowledged[job]].filter((n) => !there.has(n));
};
const lost = { flaky: await missing("flaky"), small: await missing("small") };
const report = {
  rounds,
  ...Object.fromEntries(Object.entries(killed).map(([what, times]) => [`kills of ${what}`, times])),
  runs,
  attempts,
  "rescued from a dead holder": await count(
    sql`select count(*) n from platform.job_runs where errors::text like '%LostHolder%'`,
  ),
  "acknowledged requests without their effect": lost.flaky.length + lost.small.length,
  "effects without a succeeded run": await count(sql`
    select count(*) n from campaign.effects e where not exists (
      select from platform.job_runs r where r.state = 'succeeded' and e.key = case r.job_id
        when 'every_second' then 'tick ' || to_char(r.scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        when 'after_tick' then 'chain ' || r.id else r.job_id || ' ' || (r.input->>'n') end)`),
  "succeeded runs without their effect": await count(sql`
    select count(*) n from platform.job_runs r where r.state = 'succeeded' and r.family = 'campaign' and not exists (
      select from campaign.effects e where e.key = case r.job_id
        when 'every_second' then 'tick ' || to_char(r.scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        when 'after_tick' then 'chain ' || r.id else r.job_id || ' ' || (r.input->>'n') end)`),
  "dead runs (a duplicate would be one)": await count(
    sql`select count(*) n from platform.job_runs where state = 'dead' and family = 'campaign'`,
  ),
  "succeeded ticks without exactly one chained run": await count(sql`
    select count(*) n from platform.job_runs r where r.job_id = 'every_second' and r.state = 'succeeded'
       and (select count(*) from platform.job_runs c where c.parent_run_id = r.id and c.state = 'succeeded') <> 1`),
  "runs that did not come to rest": restless,
  "slots not accounted for": await count(sql`
    select count(*) n from generate_series(
      (select min(scheduled_for) from platform.job_runs where job_id = 'every_second' and scheduled_for >= ${startedAt}),
      ${lastSlot}::timestamptz, interval '1 second') as slot
     where not exists (select from platform.job_runs r where r.job_id = 'every_second' and r.scheduled_for = slot)`),
};
await sql.end();
await kill(broker);
await database.stop();
await rm(state, { recursive: true, force: true });
for (const [what, figure] of Object.entries(report)) console.log(`${what.padEnd(52)} ${figure}`);
const bad = Object.entries(report).filter(
  ([what, figure]) => /without|dead runs|not come|not accounted/.test(what) && figure !== 0,
);
if (bad.length) {
  console.error(`\nFAILED: ${bad.map(([what]) => what).join("; ")}`);
  process.exit(1);
}
console.log("\nNothing lost, nothing twice, nothing stuck.");
process.exit(0);

async function keepAsking(job: "flaky" | "small", pauseMs: number): Promise<void> {
  for (let n = 1; flowing; n++) {
    asked += 1;
    const port = ports[n % 2]!;
    const answer = await fetch(`http://127.0.0.1:${port}/api/admin/jobs/${job}/run`, {
      method: "POST",
      headers: { "x-functions-key": key, "content-type": "application/json" },
      body: JSON.stringify({ n }),
      signal: AbortSignal.timeout(5_000),
    }).then(
      ({ status }) => `HTTP ${status}`,
      (error: unknown) => (error as Error).name,
    );
    if (answer === "HTTP 202") {
      acknowledged[job].add(n);
      taken[n % 2]! += 1;
    } else {
      refused += 1;
      refusals.set(answer, (refusals.get(answer) ?? 0) + 1);
    }
    await sleep(pauseMs);
  }
}

async function flowingAgain(): Promise<void> {
  const [first, second] = taken as [number, number];
  for (let waited = 0; taken[0]! <= first || taken[1]! <= second; waited += 50) {
    if (waited > 60_000) throw new Error(`no app takes requests any more: ${JSON.stringify([...refusals])}`);
    await sleep(50);
  }
}

/** Each minute is too seldom for a campaign: the same job, asked for every second. */
async function keepRescuing(): Promise<void> {
  for (let n = 0; flowing; n++) {
    await rescue(n);
    await sleep(1_000);
  }
}

async function rescue(n: number): Promise<void> {
  await fetch(`http://127.0.0.1:${ports[n % 2]}/api/admin/jobs/rescue_stuck_runs/run`, {
    method: "POST",
    headers: { "x-functions-key": key },
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
}

/** @returns how many runs still wait or run after two minutes without a kill */
async function untilAtRest(): Promise<number> {
  for (let n = 0; ; n++) {
    await rescue(n);
    await sleep(1_000);
    const [row] = await sql<{ n: number }[]>`
      select count(*)::int n from platform.job_runs
       where state in ('queued', 'retrying', 'running') and family = 'campaign' and (scheduled_for is null or scheduled_for <= ${lastSlot})`;
    if (row!.n === 0 || n >= 120) return row!.n;
  }
}

function startApp(port: number): ChildProcess {
  return spawn(
    process.execPath,
    [join(root, "tests/load/campaign/app-process.ts"), appDirectory, join(state, "host"), String(port), key],
    {
      stdio: [
        "ignore",
        process.env.CAMPAIGN_LOG ? "inherit" : "ignore",
        process.env.CAMPAIGN_LOG ? "inherit" : "ignore",
      ],
      env: {
        ...process.env,
        ...{
          DATABASE_URL: database.url,
          SERVICE_BUS: serviceBus,
          JOB_LEASE: "3s",
          JOB_HEARTBEAT: "1s",
          ROTA_OPERATOR_KEY: key,
          LOG_LEVEL: process.env.CAMPAIGN_LOG ?? "error",
          DATABASE_POOL_MAX: "8",
        },
      },
    },
  );
}

async function startBroker(): Promise<ChildProcess> {
  const queues = ["--queue", "job-runs", "--queue", "small"];
  const data = ["--data", join(state, "broker"), "--locks", "release"];
  await mkdir(join(state, "broker"), { recursive: true });
  const child = spawn(
    process.execPath,
    [join(root, "local/service-bus/main.ts"), "--port", String(brokerPort), ...data, ...queues],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => {
      throw new Error("the broker did not start");
    }),
  ]);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Mulberry32: a campaign can be run again with the same dice. */
function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
