import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { applyMigrations } from "#data/apply-migrations.ts";
import { startPostgres } from "#local/postgres/start-postgres.ts";

/**
 * Many due reminders and two concurrent dispatcher processes, which are killed with kill -9 during their work. At the
 * end each reminder must be marked as sent and have exactly one notification.
 *
 *   npx node tests/load/reminders.ts --reminders 100000 --kills 10
 */
const { values } = parseArgs({
  options: { reminders: { type: "string", default: "100000" }, kills: { type: "string", default: "10" } },
});
const [count, kills] = [Number(values.reminders), Number(values.kills)];
const dispatcherFile = join(import.meta.dirname, "reminders/dispatcher-process.ts");

const directory = await mkdtemp(join(tmpdir(), "rota-reminders-"));
// fsync stays on: without it a kill could lose acknowledged commits.
const server = await startPostgres({ dataDirectory: directory });
const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
try {
  await applyMigrations(server.url, join(import.meta.dirname, "../../shared/data/migrations"));
  await sql`
    insert into tasks.tasks (id, owner, title, created_at)
    select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user:' || n, 'Task ' || n, now() from generate_series(1, 1000) n`;
  await sql`
    insert into tasks.reminders (task_id, remind_at)
    select ('01900000-0000-7000-8000-' || lpad(to_hex(n % 1000 + 1), 12, '0'))::uuid, now() - n * interval '1 s'
      from generate_series(1, ${count}) n`;
  await sql`vacuum analyze tasks.reminders`;

  const startedAt = performance.now();
  let killed = 0;
  let started = 0;
  await Promise.all([dispatchUntilDone(), dispatchUntilDone()]);
  const seconds = (performance.now() - startedAt) / 1_000;

  const [figures] = await sql<{ sent: number; notified: number; unpaired: number }[]>`
    select count(*) filter (where r.sent)::int as sent, count(n.id)::int as notified,
           count(*) filter (where r.sent <> (n.id is not null))::int as unpaired
      from tasks.reminders r left join platform.notifications n on n.dedupe_key = 'reminder:' || r.id`;
  const [notifications] = await sql<{ n: number }[]>`select count(*)::int as n from platform.notifications`;
  const report = { reminders: count, ...figures!, notifications: notifications!.n, dispatchers: started, killed };
  for (const [what, figure] of Object.entries(report)) console.log(`${what.padEnd(16)} ${figure.toLocaleString("en")}`);
  console.log(`${"seconds".padEnd(16)} ${seconds.toFixed(1)}`);
  const isRight = figures!.sent === count && figures!.unpaired === 0 && notifications!.n === count;
  console.log(isRight ? "\nEach was sent once." : "\nFAILED: lost, or sent twice.");
  process.exitCode = isRight ? 0 : 1;

  /** Starts one dispatcher after the other; each is killed after a few pages while kills are left. */
  async function dispatchUntilDone(): Promise<void> {
    while (await isLeft()) {
      started += 1;
      const child = spawn(process.execPath, [dispatcherFile, server.url], { stdio: ["ignore", "pipe", "inherit"] });
      const pages = killed < kills ? 1 + Math.floor(Math.random() * 6) : Infinity;
      let seen = 0;
      createInterface(child.stdout).on("line", (line) => {
        if (!line.startsWith("committed") || ++seen !== pages || killed >= kills) return;
        killed += 1;
        child.kill("SIGKILL");
      });
      await once(child, "close");
    }
  }
} finally {
  await sql.end();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

async function isLeft(): Promise<boolean> {
  const [row] = await sql`select 1 from tasks.reminders where not sent limit 1`;
  return row !== undefined;
}
