import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type FaultyProxy, type ProxyMode, startFaultyProxy } from "#support/faulty-proxy.ts";
import { WITHOUT_TIMERS } from "./app/index.ts";
import type { AppProcess } from "./environment/app-process.ts";
import { type Checks, runInEnvironment } from "./environment/checks.ts";
import type { LoadEnvironment } from "./environment/load-environment.ts";
import { Clients } from "./network/clients.ts";

/**
 * The app reaches PostgreSQL over a network that falls silent, closes or resets connections, delays answers, and breaks
 * in the middle of a COPY, while clients read and start runs. Health answers in time, no run is lost or doubled, and
 * the app recovers by itself. The figures of each fault are a row of a table.
 *
 *   npx node tests/load/broken-network.ts --seconds 15
 */
const { values } = parseArgs({
  options: {
    /** How long each fault lasts. */
    seconds: { type: "string", default: "15" },
    /** Seconds that an answer of health may take, over what the machine adds: the longest answer of `live`. */
    "answer-within": { type: "string", default: "3" },
  },
});
const seconds = Number(values.seconds);
const limitMs = Number(values["answer-within"]) * 1_000;

const faults: readonly { name: string; mode: ProxyMode; inCopy?: true }[] = [
  { name: "silent", mode: "silent" },
  { name: "closed at once", mode: "close" },
  { name: "reset", mode: "reset" },
  { name: "delayed 10 s", mode: "delay" },
  { name: "cut in a COPY", mode: "reset", inCopy: true },
];
/** The rows of a COPY, and the bytes after which it is cut: about the middle. */
const [LINES, CUT_AFTER_BYTES] = [50_000, 1_000_000];
/** Runs that are accepted before each fault. */
const RUNS_BEFORE = 20;
/** More than the growing delay between attempts allows; a loop without a delay makes hundreds. */
const MOST_CONNECTIONS_PER_SECOND = 20;

const columns = [
  ...["network", "ready ms", "health ms", "live ms", "statuses", "healthy ms", "served ms"],
  ...["connections/s", "log lines", "runs", "lost", "doubled"],
];
const row = (cells: readonly (string | number)[]) =>
  cells.map((cell, n) => String(cell).padEnd(Math.max(columns[n]!.length, 14 - n))).join("  ");

await runInEnvironment(`A broken network, ${seconds} s for each fault`, async (environment, checks) => {
  const proxy = await startFaultyProxy(environment.settings.DATABASE_URL!);
  const app = await environment.startApp({ settings: { ...WITHOUT_TIMERS, DATABASE_URL: proxy.url } });
  console.log(row(columns));
  for (const fault of faults) await breakNetwork({ environment, checks, proxy, app }, fault);
  await app.kill();
  await proxy.close();
});

interface Campaign {
  readonly environment: LoadEnvironment;
  readonly checks: Checks;
  readonly proxy: FaultyProxy;
  readonly app: AppProcess;
}

async function breakNetwork(campaign: Campaign, { name, mode, inCopy }: (typeof faults)[number]): Promise<void> {
  const { environment, checks, proxy, app } = campaign;
  const { sql, count } = environment;
  const earlier = await count(sql`select count(*) from platform.job_runs`);
  const clients = new Clients(app);
  const began = performance.now();
  await environment.until(
    "clients are served",
    async () => clients.healthyAt(began) < Infinity && clients.acceptedRuns.length >= RUNS_BEFORE,
  );

  if (inCopy) {
    const cut = new Promise<void>((resolve) => {
      proxy.afterBytes(CUT_AFTER_BYTES, () => {
        proxy.set(mode);
        resolve();
      });
    });
    await app.run("copies_rows", { lines: LINES });
    await cut;
  } else proxy.set(mode);
  const fault = { from: performance.now(), to: Infinity };
  const [connections, lines] = [proxy.accepted, app.logLines];
  await sleep(seconds * 1_000);
  await environment.until("health answers", async () => clients.areAnsweredSince(fault.from), 120_000);
  fault.to = performance.now();
  const perSecond = ((proxy.accepted - connections) * 1_000) / (fault.to - fault.from);
  const logLines = app.logLines - lines;

  proxy.set("pass");
  const recovered = () => [clients.healthyAt(fault.to), clients.servedAt(fault.to)].map((at) => at - fault.to);
  await environment.until("the app recovers", async () => recovered().every(Number.isFinite), 120_000);
  await clients.stop();
  await environment.until("all runs end", () => haveAllEnded(campaign), 120_000);

  const { live, ready, health } = clients;
  const [readyMs, healthMs, liveMs] = [ready, health, live].map((monitor) => Math.round(monitor.longestMs(fault)));
  const statuses = [...new Set([...ready.statuses(fault), ...health.statuses(fault)])];
  const runs = (await count(sql`select count(*) from platform.job_runs`)) - earlier;
  const { lost, doubled } = await lostAndDoubled(environment, clients.acceptedRuns);
  console.log(
    row([
      ...[name, readyMs!, healthMs!, liveMs!, statuses.join(" "), ...recovered().map(Math.round)],
      ...[perSecond.toFixed(1), logLines, runs, lost, doubled],
    ]),
  );
  checks.equal(
    `${name}: health answers within the limit`,
    String(Math.max(readyMs!, healthMs!) <= limitMs + liveMs!),
    "true",
  );
  checks.equal(
    `${name}: statuses other than 200 and 503`,
    statuses.filter((one) => one !== 200 && one !== 503).length,
    0,
  );
  checks.equal(`${name}: health answers 503`, String(statuses.includes(503)), "true");
  checks.equal(
    `${name}: fewer than ${MOST_CONNECTIONS_PER_SECOND} connections per second`,
    String(perSecond < MOST_CONNECTIONS_PER_SECOND),
    "true",
  );
  checks.equal(`${name}: runs lost`, lost, 0);
  checks.equal(`${name}: runs doubled`, doubled, 0);
  if (inCopy) {
    checks.equal(
      `${name}: COPYs that a second attempt repeated`,
      await count(
        sql`select count(*) from platform.job_runs where input ->> 'lines' = ${String(LINES)} and attempt > 1`,
      ),
      1,
    );
  }
}

async function haveAllEnded({ environment: { sql, count }, app }: Campaign): Promise<boolean> {
  await app.rescue();
  return (
    (await count(sql`select count(*) from platform.job_runs where state in ('queued', 'running', 'retrying')`)) === 0
  );
}

/** Each run writes as many rows as its input names, into a table without keys. */
async function lostAndDoubled(
  { sql }: LoadEnvironment,
  accepted: readonly string[],
): Promise<{ lost: number; doubled: number }> {
  const [counts] = await sql<{ lost: number; doubled: number }[]>`
    with written as (select run_id, count(*) as lines from load.copied group by run_id),
         runs as (select id, state, (input ->> 'lines')::int as lines from platform.job_runs where job_id = 'copies_rows')
    select count(*) filter (where r.state is distinct from 'succeeded' or coalesce(w.lines, 0) < r.lines)::int as lost,
           count(*) filter (where w.lines > r.lines)::int as doubled
      from (select id from runs union select unnest(${accepted}::uuid[])) as wanted (id)
      left join runs r using (id)
      left join written w on w.run_id = wanted.id`;
  return counts!;
}
