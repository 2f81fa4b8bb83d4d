import { sql } from "drizzle-orm";
import { v7 as uuidv7 } from "uuid";
import { expect, it } from "vitest";
import { completeRuns } from "#data/platform/run-completion.ts";
import { renewLeases } from "#data/platform/run-leases.ts";
import { openDatabase } from "#support/database.ts";
import { aRun } from "#support/factories.ts";
import { lockWait } from "#support/lock-wait.ts";

const { db } = await openDatabase();

type Held = { id: string; attempt: number };
const finish = (runs: readonly Held[]) =>
  completeRuns(
    db,
    "us",
    runs.map((run) => ({ ...run, next: { state: "succeeded", finishedAt: new Date() } })),
    new Date(),
  );
const renew = (runs: readonly Held[]) =>
  renewLeases(
    db,
    runs.map((run) => ({ ...run, holder: "us", progress: null, needs: [] })),
    60_000,
  );

it.each([
  ["the end of a batch", finish],
  ["a heartbeat", renew],
])("%s locks its runs in the order of their ids, whatever order it is given", async (_, move) => {
  const [low, high] = [uuidv7(), uuidv7()].sort() as [string, string];
  for (const id of [low, high]) await aRun(db, { id, state: "running", leaseHolder: "us", concurrencyKey: id });
  const moving = await db.transaction(async (tx) => {
    await tx.execute(sql`select from platform.job_runs where id = ${low}::uuid for update`);
    const started = move([high, low].map((id) => ({ id, attempt: 1 })));
    await lockWait(db);
    // It waits for the lower id, and so it must not have the higher one: else two that want both could wait for each
    // other.
    const free = tx.execute(sql`select id from platform.job_runs where id = ${high}::uuid for update nowait`);
    await expect(free).resolves.toHaveLength(1);
    return { started };
  });
  await moving.started;
});
