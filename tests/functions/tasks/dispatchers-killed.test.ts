import { sql } from "drizzle-orm";
import { beforeEach, expect, it } from "vitest";
import { openDatabase } from "#support/database.ts";
import { lockWait } from "#support/lock-wait.ts";
import { type Program, startProgram } from "#support/program.ts";

const DISPATCHER = new URL("../../load/reminders/dispatcher-process.ts", import.meta.url);
const REMINDERS = 8_000;

const { url, db } = await openDatabase();
beforeEach(() =>
  db.execute(sql`
    truncate tasks.tasks, tasks.reminders, platform.job_runs, platform.notifications, platform.notification_deliveries;
    insert into tasks.tasks (id, owner, title, created_at) values ('01900000-0000-7000-8000-000000000000', 'user:1', 'A task', now());
    insert into tasks.reminders (task_id, remind_at)
    select '01900000-0000-7000-8000-000000000000', now() - n * interval '1 s' from generate_series(1, ${sql.raw(String(REMINDERS))}) n`),
);

/** How many reminders are marked, how many have a notification, and how many have only one of both. */
async function figures() {
  const [row] = await db.execute<{ sent: number; notified: number; unpaired: number }>(sql`
    select count(*) filter (where r.sent)::integer as sent, count(n.id)::integer as notified,
           count(*) filter (where r.sent <> (n.id is not null))::integer as unpaired
      from tasks.reminders r left join platform.notifications n on n.dedupe_key = 'reminder:' || r.id`);
  return row!;
}
const othersAtWork = () =>
  db.execute(sql`
    select from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'`);
const dispatcher = () => startProgram(DISPATCHER, [url]);
/** The counts of the run after its end. */
async function finished(program: Program, from = 1): Promise<{ state: string; sent: number }> {
  const line = await program.line(from);
  return line.startsWith("{") ? (JSON.parse(line) as { state: string; sent: number }) : finished(program, from + 1);
}

it("a killed dispatcher leaves whole pages; the next one sends the rest, and each reminder once", async () => {
  // The notification of a reminder in the middle waits until the test ends its transaction.
  await db.execute(sql`
    create function tasks.wait_here() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(1); return new; end $$`);
  await db.execute(sql`
    do $$ begin execute format($f$
      create trigger wait_here before insert on platform.notifications
        for each row when (new.dedupe_key = 'reminder:%s') execute function tasks.wait_here() $f$,
      (select id from tasks.reminders order by remind_at offset 4000 limit 1)); end $$`);
  const after = await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(1)`);
    const killed = dispatcher();
    await lockWait(db);
    await killed.kill();
    return figures();
  });
  expect(after.sent, "it was killed in the middle").toBeGreaterThan(0);
  expect(after.sent, "it was killed in the middle").toBeLessThan(REMINDERS);
  expect(after).toMatchObject({ notified: after.sent, unpaired: 0 });

  // Reminders that the killed process has locked are skipped until the database notices its end.
  await expect.poll(othersAtWork).toHaveLength(0);
  expect(await finished(dispatcher())).toMatchObject({ state: "succeeded" });
  expect(await figures()).toEqual({ sent: REMINDERS, notified: REMINDERS, unpaired: 0 });
});

it("of two concurrent processes one is killed, and each reminder is still sent once", async () => {
  const [killed, other] = [dispatcher(), dispatcher()];
  await killed.line(1);
  await killed.kill();
  expect(await finished(other)).toMatchObject({ state: "succeeded" });
  // Reminders that the killed process had locked were skipped: a run after the release takes them.
  while ((await figures()).sent < REMINDERS) await finished(dispatcher());
  expect(await figures()).toEqual({ sent: REMINDERS, notified: REMINDERS, unpaired: 0 });
});
