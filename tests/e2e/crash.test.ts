import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { discardPostgres } from "../../local/postgres/start.ts";
import { startStack, stateDirectory, until, type RunningStack } from "./stack.ts";
import { join } from "node:path";

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

let state: string;
beforeAll(async () => {
  state = await stateDirectory();
});
afterAll(async () => {
  await discardPostgres(join(state, "postgres")).catch(() => undefined);
  await rm(state, { recursive: true, force: true });
});

it("kill -9 in the middle of an import leaves whole days alone; the next start completes it and nothing stays running", async () => {
  const env = { JOB_LEASE: "3s", JOB_HEARTBEAT: "1s" };
  let app: RunningStack = await startStack(state, { env });
  // The start makes an update of its own, of the latest rates.
  const newest = async () =>
    (await app.call<{ updates: Update[] }>("GET", "api/v1/updates?of=exchange_rates&limit=10")).body.updates.find(
      ({ kind }) => kind === "historical",
    )!;
  const historical = "api/v1/exchange-rates/update/historical?start_date=1999-01-04";

  const { status, body } = await app.call<{ run: string }>("POST", historical);
  expect(status).toBe(202);
  const middle = await until(newest, ({ inserted }) => inserted > 0, 5);
  expect(middle.state, "still at it").toBe("running");
  await app.kill();

  app = await startStack(state, { env });
  const after = await newest();
  expect(after.inserted).toBeGreaterThan(0);
  const stored = await app.call<{ rates: unknown[] }>("GET", "api/v1/exchange-rates?date=1999-01-04");
  expect(stored.status === 404 || stored.body.rates.length === 0, "the oldest day had not been reached").toBe(true);

  // What its timer does each minute, asked for now; the lease has to lapse first.
  await until(
    async () => {
      await app.call("POST", "api/admin/jobs/rescue_stuck_runs/run?wait=10");
      return (await app.call<{ runs: RunLine[] }>("GET", "api/admin/runs?state=running")).body.runs;
    },
    (running) => running.length === 0 || running[0]!.attempt > 1,
    500,
  );
  const ended = await until(
    async () => (await app.call<RunLine>("GET", `api/admin/runs/${body.run}`)).body,
    (run) => run.state === "succeeded" || run.state === "dead",
    200,
  );
  expect(ended).toMatchObject({ state: "succeeded", attempt: 2 });
  const complete = await newest();
  expect(complete).toMatchObject({ state: "succeeded", error: null });
  expect((await app.call<{ updates: Update[] }>("GET", "api/v1/updates?state=running")).body.updates).toEqual([]);

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
