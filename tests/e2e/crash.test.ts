import postgres from "postgres";
import { expect, it } from "vitest";
import { type RunningStack, startStack, stateDirectory, until } from "./stack.ts";

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

it("kill -9 in the middle of an import leaves whole days alone; the next start completes it and nothing stays running", async () => {
  let app: RunningStack = await startStack(state);
  // The start makes an update of its own, of the latest rates.
  const newest = async () =>
    (await app.call<{ updates: Update[] }>("GET", "api/v1/updates?of=exchange_rates&limit=10")).body.updates.find(
      ({ kind }) => kind === "historical",
    )!;
  const historical = "api/v1/exchange-rates/update/historical?start_date=1999-01-04&end_date=2026-01-30";

  // It goes from the newest day to the oldest, where somebody else's transaction is in its way.
  const database = postgres(app.databaseUrl, { max: 1, onnotice: () => undefined });
  const inTheWay = await database.reserve();
  await inTheWay`begin`;
  await inTheWay`insert into portfolio.exchange_rates (date, quote, rate, source) values ('1999-01-04', 'USD', 1, 'ecb')`;
  const { status, body } = await app.call<{ run: string }>("POST", historical);
  expect(status).toBe(202);
  const middle = await until(newest, ({ inserted }) => inserted > 0);
  expect(middle.state, "still at it").toBe("running");
  await app.kill();
  await database.end({ timeout: 0 });

  app = await startStack(state);
  const after = await newest();
  expect(after.inserted).toBeGreaterThan(0);
  const stored = await app.call<{ rates: unknown[] }>("GET", "api/v1/exchange-rates?date=1999-01-04");
  expect(stored.status === 404 || stored.body.rates.length === 0, "the oldest day had not been reached").toBe(true);

  // The lease has to lapse, and then somebody has to look: both would come within some minutes.
  const impatient = postgres(app.databaseUrl, { max: 1 });
  await impatient`update platform.job_runs set lease_expires_at = now() where id = ${body.run}`;
  await impatient.end();
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
  expect(rerun.result, "complete: every point of every day is there").toMatchObject({ inserted: 0 });
  expect(await app.stop()).toBe(0);
});
