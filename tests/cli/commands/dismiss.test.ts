import { expect, test } from "vitest";
import { problem, startFakeAdminApi } from "../fake-admin-api.ts";
import { rota } from "../rota.ts";

const DEAD = "01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42";

test("dismisses a dead run with the reason", async () => {
  const app = await startFakeAdminApi(() => ({ json: { kind: "run", id: DEAD } }));
  const { code, stdout } = await rota(["dismiss", DEAD, "--reason", "requested by mistake"], { env: app.env });
  expect(code).toBe(0);
  expect(app.asked).toMatchObject([
    { path: `/api/admin/dead-letters/${DEAD}/dismiss`, body: '{"reason":"requested by mistake"}' },
  ]);
  expect(stdout).toContain(`${DEAD} is dismissed`);
});

test("requires a reason, and prints the app's message for a run that is not dead", async () => {
  expect((await rota(["dismiss", DEAD])).stderr).toContain("--reason is required");
  const app = await startFakeAdminApi(() => problem(409, "the run is queued; only a dead run can be dismissed"));
  expect(await rota(["dismiss", DEAD, "--reason", "a mistake"], { env: app.env })).toMatchObject({
    code: 1,
    stderr: "The app answers: the run is queued; only a dead run can be dismissed\n",
  });
});
