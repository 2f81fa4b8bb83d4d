import { expect, test } from "vitest";
import { problem, startFakeAdminApi } from "../fake-admin-api.ts";
import { rota } from "../rota.ts";
import { RUN_ID, runningRun, runView } from "../sample-runs.ts";

const DEAD = runView({
  state: "dead",
  attempt: 2,
  maxAttempts: 2,
  input: { from: "2026-01-01" },
  result: null,
  itemFailureCount: 120,
  itemFailures: [{ key: "USD", class: "validation", reason: "negative\nrate" }],
  errors: [1, 2].map((attempt) => ({
    attempt,
    at: "2026-11-22T12:00:00.000Z",
    class: "transient",
    name: "ProviderError",
    message: `ECB answered 503 (${attempt})`,
    stack: `ProviderError: ECB answered 503 (${attempt})\n    at fetchRates (ecb.ts:7:3)\nCaused by: Error: reset\n    at socket (net.ts:1:1)`,
  })),
});

test("a run is shown in detail, each error with its stack", async () => {
  const app = await startFakeAdminApi(() => ({ json: DEAD }));
  const { code, stdout, stderr } = await rota(["show", RUN_ID], { env: app.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(app.asked[0]?.path).toBe(`/api/admin/runs/${RUN_ID}`);
  expect(stdout).toMatch(/^sync_fx_latest dead in 412 ms\n\n {2}run {11}01993c1e/);
  expect(stdout).toMatch(
    /\n {2}trigger {7}manual, by function key\n {2}attempt {7}2 of 2\n {2}queued {8}\d{4}-\S+\+0[12]:00 {2}3 min ago\n/,
  );
  expect(stdout).toContain('\nInput\n  {\n    "from": "2026-01-01"\n  }\n');
  expect(stdout).toContain("\n120 items failed, the first 1\n  USD  validation  negative rate\n");
  expect(stdout).toContain(
    [
      "  Attempt 2  2026-11-22T13:00:00+01:00  transient",
      "  ProviderError: ECB answered 503 (2)",
      "      at fetchRates (ecb.ts:7:3)",
      "  Caused by: Error: reset",
      "      at socket (net.ts:1:1)",
      "",
    ].join("\n"),
  );
  expect(stdout.match(/ECB answered 503/g)).toHaveLength(2);
});

test("a succeeded run shows its counters, without empty sections", async () => {
  const app = await startFakeAdminApi(() => ({
    json: runView({ result: { inserted: 12_000, source: "ecb", kinds: ["a"] } }),
  }));
  const { stdout } = await rota(["show", RUN_ID], { env: app.env });
  expect(stdout).toContain('\nResult\n  inserted  12,000\n  source    ecb\n  kinds     ["a"]\n');
  expect(stdout).not.toMatch(/Errors|failed|null|undefined|next attempt|slot/);
});

test("a running run shows its lease holder and its progress", async () => {
  const run = runningRun({ leaseHolder: "vm-1:42", progress: { done: 1_000, total: 4_000, note: "merging" } });
  const app = await startFakeAdminApi(() => ({ json: run }));
  const { stdout } = await rota(["show", RUN_ID], { env: app.env });
  expect(stdout).toContain("  progress      1,000 of 4,000 (25 %)  merging\n  lease holder  vm-1:42\n");
});

test("a retrying run shows the time of its next attempt", async () => {
  const notBefore = new Date(Date.now() + 90_500).toISOString();
  const app = await startFakeAdminApi(() => ({ json: runningRun({ state: "retrying", notBefore }) }));
  expect((await rota(["show", RUN_ID], { env: app.env })).stdout).toMatch(/next attempt {2}\S+ {2}in 1 min\n/);
});

test("--json prints the app's answer", async () => {
  const app = await startFakeAdminApi(() => ({ json: DEAD }));
  expect(JSON.parse((await rota(["show", RUN_ID, "--json"], { env: app.env })).stdout)).toEqual(DEAD);
});

test("an unknown run is reported with the app's message", async () => {
  const app = await startFakeAdminApi(() => problem(404, `there is no run ${RUN_ID}`));
  expect(await rota(["show", RUN_ID], { env: app.env })).toEqual({
    code: 1,
    stdout: "",
    stderr: `The app answers: there is no run ${RUN_ID}\n`,
  });
});
