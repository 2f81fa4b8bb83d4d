import { expect, test } from "vitest";
import { problem, startFakeAdminApi } from "../fake-admin-api.ts";
import { rota } from "../rota.ts";
import { RUN_ID, runningRun } from "../sample-runs.ts";

const DEAD = "01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42";
const QUEUED = runningRun({ state: "queued", startedAt: null, attempt: 0 });

const startApp = () =>
  startFakeAdminApi(({ method }) =>
    method === "GET" ? { json: QUEUED } : { status: 202, json: { replayed: 1, runs: [{ id: RUN_ID, parent: DEAD }] } },
  );

test("runs a dead run again with a corrected input and the reason", async () => {
  const app = await startApp();
  const args = ["replay", DEAD, '{"startDate":"2026-01-01"}', "--reason", "the date was wrong"];
  const { code, stdout, stderr } = await rota(args, { env: app.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(app.asked[0]).toMatchObject({
    method: "POST",
    path: "/api/admin/dead-letters/replay",
    body: JSON.stringify({ runs: [DEAD], input: { startDate: "2026-01-01" }, reason: "the date was wrong" }),
  });
  expect(app.asked[1]).toMatchObject({ path: `/api/admin/runs/${RUN_ID}` });
  expect(stdout).toContain(`queued as run ${RUN_ID}\n`);
});

test("keeps the input of the dead run without another one", async () => {
  const app = await startApp();
  await rota(["replay", DEAD], { env: app.env });
  expect(app.asked[0]?.body).toBe(JSON.stringify({ runs: [DEAD] }));
});

test("prints the app's message for an input that cannot succeed", async () => {
  const detail = "input.startDate: 2027-01-01 is in the future (today is 2026-03-10)";
  const app = await startFakeAdminApi(() => problem(400, detail));
  const outcome = await rota(["replay", DEAD, '{"startDate":"2027-01-01"}'], { env: app.env });
  expect(outcome).toEqual({ code: 1, stdout: "", stderr: `The app rejects this request: ${detail}\n` });
});

test("refuses what is not a run id, and JSON with errors", async () => {
  expect((await rota(["replay", "sync_fx_latest"])).stderr).toContain("replay: <run>: expected a run id such as");
  expect((await rota(["replay", DEAD, "{from:1}"])).stderr).toContain("replay: <json> is not valid JSON");
});
