import { expect, test } from "vitest";
import { startFakeAdminApi } from "../fake-admin-api.ts";
import { rota } from "../rota.ts";

const POINT = {
  id: 17,
  kind: "price",
  subject: "SMPW.DE",
  date: "2026-04-09",
  value: "1.02",
  rule: "pence-and-pounds",
  reason: "close 1.02 is 100 times below the day before (102)",
  state: "held",
};

test("lists the points that are held back, with the rule and the reason", async () => {
  const app = await startFakeAdminApi(() => ({ json: { points: [POINT], nextCursor: 17 } }));
  const { code, stdout } = await rota(["suspects"], { env: app.env });
  expect(code).toBe(0);
  expect(app.asked.map(({ path }) => path)).toEqual(["/api/v1/suspect-points?state=held&limit=100"]);
  expect(stdout.trimEnd().split("\n")).toEqual([
    "ID  OF       DAY         VALUE",
    "17  SMPW.DE  2026-04-09  1.02",
    "  pence-and-pounds: close 1.02 is 100 times below the day before (102)",
    "There are older ones: GET api/v1/suspect-points lists them all.",
  ]);
});

test("prints that there is none, and the answer as JSON", async () => {
  const app = await startFakeAdminApi(() => ({ json: { points: [], nextCursor: null } }));
  expect((await rota(["suspects"], { env: app.env })).stdout).toBe("No value is held back.\n");
  const { stdout } = await rota(["suspects", "--json"], { env: app.env });
  expect(JSON.parse(stdout)).toEqual({ points: [], nextCursor: null });
});

test.each([
  ["release", "accepted"],
  ["reject", "rejected"],
  ["withdraw", "held"],
])("--%s decides about a point with the reason", async (verb, state) => {
  const app = await startFakeAdminApi(() => ({ json: { ...POINT, state } }));
  const { code, stdout } = await rota(["suspects", `--${verb}`, "17", "--reason", "as the exchange has it"], {
    env: app.env,
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: `17, the price 1.02 of SMPW.DE on 2026-04-09, is ${state}.\n` });
  expect(app.asked).toMatchObject([
    { method: "POST", path: `/api/v1/suspect-points/17/${verb}`, body: '{"reason":"as the exchange has it"}' },
  ]);
});

test("requires a reason, and one decision", async () => {
  expect((await rota(["suspects", "--release", "17"])).stderr).toContain("--reason is required");
  const both = ["suspects", "--release", "17", "--reject", "18", "--reason", "a test"];
  expect((await rota(both)).stderr).toContain("expected one of --release, --reject, --withdraw, got 2");
});
