import postgres from "postgres";
import { expect, it } from "vitest";
import { type RunningStack, startStack, stateDirectory, until } from "./stack-process.ts";

interface Update {
  kind: "latest" | "historical";
  state: string;
  inserted: number;
  skipped: number;
  error: string | null;
}
interface RunLine {
  id: string;
  state: string;
  attempt: number;
}

const state = await stateDirectory();

it("after kill -9 during an import, complete days are kept, and the next start completes the import", async () => {
  let app: RunningStack = await startStack(state);
  // The start also creates an update of the latest rates.
  const newest = async () =>
    (await app.call<{ updates: Update[] }>("GET", "api/v1/updates?of=exchange_rates&limit=10")).body.updates.find(
      ({ kind }) => kind === "historical",
    )!;
  const historical = "api/v1/exchange-rates/update/historical?start_date=1999-01-04&end_date=2026-01-30";

  // The import goes from the newest day to the oldest, which the lock of another transaction blocks.
  const database = postgres(app.databaseUrl, { max: 1, onnotice: () => undefined });
  const blocker = await database.reserve();
  await blocker`begin`;
  await blocker`insert into portfolio.exchange_rates (date, quote, rate, source) values ('1999-01-04', 'USD', 1, 'ecb')`;
  const { status, body } = await app.call<{ run: string }>("POST", historical);
  expect(status).toBe(202);
  const middle = await until(newest, ({ inserted }) => inserted > 0);
  expect(middle.state, "still running").toBe("running");
  await app.kill();
  await database.end({ timeout: 0 });

  app = await startStack(state);
  const after = await newest();
  expect(after.inserted).toBeGreaterThan(0);
  const stored = await app.call<{ rates: unknown[] }>("GET", "api/v1/exchange-rates?date=1999-01-04");
  expect(stored.status === 404 || stored.body.rates.length === 0, "the oldest day is not stored yet").toBe(true);

  // Without this, the lease would expire and the rescuer would run within minutes.
  const sql = postgres(app.databaseUrl, { max: 1 });
  await sql`update platform.job_runs set lease_expires_at = now() where id = ${body.run}`;
  await sql.end();
  await app.call("POST", "api/admin/jobs/rescue_stuck_runs/run?wait=60");
  const ended = await until(
    async () => (await app.call<RunLine>("GET", `api/admin/runs/${body.run}`)).body,
    (run) => run.state === "succeeded" || run.state === "dead",
    200,
  );
  expect(ended).toMatchObject({ state: "succeeded", attempt: 2 });
  const complete = await newest();
  expect(complete).toMatchObject({ state: "succeeded", error: null });
  const { updates } = (await app.call<{ updates: Update[] }>("GET", "api/v1/updates?state=running")).body;
  expect(updates.filter(({ kind }) => kind === "historical")).toEqual([]);

  const { body: again } = await app.call<{ run: string }>("POST", historical);
  const rerun = await until(
    async () =>
      (
        await app.call<RunLine & { result: { inserted: number; skipped: number } }>(
          "GET",
          `api/admin/runs/${again.run}`,
        )
      ).body,
    (run) => run.state === "succeeded",
    200,
  );
  expect(rerun.result, "every rate of every day is stored").toMatchObject({ inserted: 0 });
  expect(await app.stop()).toBe(0);
});
