import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { discardPostgres } from "../../local/postgres/start.ts";
import { startStack, stateDirectory, until, type RunningStack } from "./stack.ts";

let state: string;
let app: RunningStack;
beforeAll(async () => {
  state = await stateDirectory();
  app = await startStack(state, { env: { JOB_LEASE: "3s", JOB_HEARTBEAT: "500ms" } });
});
afterAll(async () => {
  await app.stop();
  await discardPostgres(join(state, "postgres")).catch(() => undefined);
  await rm(state, { recursive: true, force: true });
});

interface RunLine {
  id: string;
  state: string;
  reasonCode: string | null;
}
const job = "api/admin/jobs/cleanup_fx_updates";
const ended = async (id: string) =>
  until(
    async () => (await app.call<RunLine>("GET", `api/admin/runs/${id}`)).body,
    (run) => !["queued", "running", "retrying"].includes(run.state),
  );

it("a paused job waits and goes on at the resume", async () => {
  expect((await app.call("POST", `${job}/pause`, { reason: "an end to end test" })).status).toBe(200);
  const { body: run } = await app.call<RunLine>("POST", `${job}/run`);
  expect(run.state).toBe("queued");
  const slots = await app.call<{ pauses: { scope: string }[] }>("GET", "api/admin/controls");
  expect(slots.body.pauses).toMatchObject([{ scope: "job:cleanup_fx_updates" }]);
  await app.call("POST", `${job}/resume`, {});
  expect(await ended(run.id)).toMatchObject({ state: "succeeded" });
});

it("with the kill switch on nothing runs, the health routes answer, and the audit has it", async () => {
  await app.call("PATCH", "api/admin/controls", { killSwitch: true, reason: "an end to end test" });
  const { body: run } = await app.call<RunLine>("POST", `${job}/run`);
  expect(await ended(run.id)).toMatchObject({ state: "skipped", reasonCode: "kill-switch" });
  expect((await app.call("GET", "api/health/live")).status).toBe(200);
  await app.call("PATCH", "api/admin/controls", { killSwitch: false, reason: "the test is over" });
  const { body } = await app.call<{ entries: { action: string }[] }>("GET", "api/admin/audit?subject=global");
  expect(body.entries.map(({ action }) => action)).toEqual(["controls changed", "controls changed"]);
  const again = await app.call<RunLine>("POST", `api/admin/runs/${run.id}/retry`, {});
  expect(again.status).toBe(202);
  expect(await ended(again.body.id)).toMatchObject({ state: "succeeded" });
});

it("a past range is backfilled to its end", async () => {
  const range = { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" };
  const started = await app.call<{ missing: number }>("POST", `${job}/backfill`, range);
  expect(started.status).toBe(202);
  const done = await until(
    async () => (await app.call<{ state: string; runs: object }>("GET", `${job}/backfill`)).body,
    ({ state }) => state !== "running",
  );
  expect(done).toMatchObject({ state: "done", runs: { succeeded: started.body.missing } });
});
