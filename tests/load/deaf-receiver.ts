import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type FaultyProxy, type ProxyMode, startFaultyProxy } from "#support/faulty-proxy.ts";
import { WITHOUT_TIMERS } from "./app/index.ts";
import type { AppProcess } from "./environment/app-process.ts";
import { type Checks, runInEnvironment } from "./environment/checks.ts";
import type { LoadEnvironment } from "./environment/load-environment.ts";
import { Monitor } from "./network/monitor.ts";

/**
 * The app receives from the broker over a network that falls silent, in one direction or both, or that keeps the credit
 * of its receivers, while a client starts runs. PostgreSQL and HTTP work. No run is lost or doubled, runs start during
 * a long fault, and the app recovers by itself. The figures of each fault are a row of a table.
 *
 *   npx node tests/load/deaf-receiver.ts --seconds 45 --long-seconds 420
 */
const { values } = parseArgs({
  options: {
    /** How long each fault lasts. */
    seconds: { type: "string", default: "45" },
    /** How long the receivers get no credit: health names their queue within five minutes. */
    "long-seconds": { type: "string", default: "420" },
  },
});
const [seconds, longSeconds] = [Number(values.seconds), Number(values["long-seconds"])];
/** Within that time health has named the queue, and the sweep has executed runs. */
const NAMED_WITHIN_MS = 300_000;

const faults: readonly { mode: ProxyMode; seconds: number }[] = [
  { mode: "silent", seconds },
  { mode: "silent to client", seconds },
  { mode: "silent to server", seconds },
  { mode: "no credit", seconds: longSeconds },
];

const columns = [
  ...["network", "seconds", "runs", "started in it", "first after s", "named after s", "all ended after ms"],
  ...["lost", "doubled"],
];
const row = (cells: readonly (string | number)[]) =>
  cells.map((cell, n) => String(cell).padEnd(Math.max(columns[n]!.length, 16))).join("  ");

await runInEnvironment("Deaf receivers", async (environment, checks) => {
  const proxy = await startFaultyProxy(environment.settings.SERVICE_BUS!.replace("Endpoint=sb", "amqp").split(";")[0]!);
  const port = new URL(proxy.url).port;
  const SERVICE_BUS = environment.settings.SERVICE_BUS!.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);
  const app = await environment.startApp({ settings: { ...WITHOUT_TIMERS, SERVICE_BUS } });
  console.log(row(columns));
  for (const fault of faults) await deafen({ environment, checks, proxy, app }, fault);
  await app.kill();
  await proxy.close();
});

interface Campaign {
  readonly environment: LoadEnvironment;
  readonly checks: Checks;
  readonly proxy: FaultyProxy;
  readonly app: AppProcess;
}

async function deafen(campaign: Campaign, fault: (typeof faults)[number]): Promise<void> {
  const { environment, checks, proxy, app } = campaign;
  const { sql, count, until } = environment;
  const openRuns = () =>
    count(sql`
      select count(*) from platform.job_runs where job_id = 'copies_rows' and state in ('queued', 'running', 'retrying')`);
  const started = (since: Date) =>
    count(sql`select count(*) from platform.job_runs where job_id = 'copies_rows' and started_at > ${since}`);
  await until("health is good", async () => (await app.call("GET", "api/jobs/health")).status === 200, 120_000);

  const client = new Monitor(app, "api/admin/jobs/copies_rows/run", { lines: 1 });
  await until("runs are accepted", async () => client.runs.length > 5);
  // Runs of messages that were on their way have started by then.
  proxy.set(fault.mode);
  await sleep(2_000);
  const since = new Date();
  const from = performance.now();
  const [before, ends] = [client.runs.length, from + fault.seconds * 1_000];
  let [firstAfter, namedAfter] = [Infinity, Infinity];
  while (performance.now() < ends) {
    const at = () => Math.round((performance.now() - from) / 1_000);
    if (firstAfter === Infinity && (await started(since)) > 0) firstAfter = at();
    const health = await app.call<{ broker?: { state: string } }>("GET", "api/jobs/health");
    if (namedAfter === Infinity && health.body.broker?.state === "not-delivering") namedAfter = at();
    await sleep(1_000);
  }
  const startedInIt = await started(since);
  await client.stop();
  proxy.set("pass");
  const healed = performance.now();
  await until("all runs end", async () => (await openRuns()) === 0, 180_000);
  const endedAfter = Math.round(performance.now() - healed);

  const { lost, doubled } = await lostAndDoubled(environment, client.runs);
  const accepted = client.runs.length - before;
  console.log(
    row([fault.mode, fault.seconds, accepted, startedInIt, firstAfter, namedAfter, endedAfter, lost, doubled]),
  );
  checks.equal(`${fault.mode}: runs lost`, lost, 0);
  checks.equal(`${fault.mode}: runs doubled`, doubled, 0);
  if (fault.seconds * 1_000 < NAMED_WITHIN_MS) return;
  const isInTime = (after: number) => String(after * 1_000 <= NAMED_WITHIN_MS + 30_000);
  checks.equal(`${fault.mode}: health names the queue within five minutes`, isInTime(namedAfter), "true");
  checks.equal(`${fault.mode}: runs start within five minutes`, isInTime(firstAfter), "true");
  checks.equal(
    `${fault.mode}: notifications that name the queue`,
    await count(sql`select count(*) from platform.notifications where type = 'queue.not_delivering'`),
    1,
  );
}

async function lostAndDoubled(
  { sql }: LoadEnvironment,
  accepted: readonly string[],
): Promise<{ lost: number; doubled: number }> {
  const [counts] = await sql<{ lost: number; doubled: number }[]>`
    select count(*) filter (where lines = 0)::int as lost, count(*) filter (where lines > 1)::int as doubled
      from (select id, (select count(*) from load.copied where run_id = id) as lines
              from unnest(${accepted}::uuid[]) as accepted (id)) as written`;
  return counts!;
}
