import { expect, test } from "vitest";
import { problem, startFakeAdminApi } from "../fake-admin-api.ts";
import { rota, startRota } from "../rota.ts";
import { RUN_ID, runSummary, secondsAgo } from "../sample-runs.ts";

test("a run is one line, and has a second line for details", async () => {
  const inSixMinutes = new Date(Date.now() + 6 * 60_000 + 30_000).toISOString();
  const runs = [
    runSummary(),
    runSummary({ state: "running", durationMs: null, finishedAt: null, startedAt: secondsAgo(4_000), attempt: 2 }),
    runSummary({ itemFailureCount: 3, durationMs: 185_000 }),
    runSummary({
      state: "retrying",
      finishedAt: null,
      durationMs: null,
      notBefore: inSixMinutes,
      lastError: { class: "rate_limited", message: "ECB answered 429\nslow down" },
    }),
    runSummary({
      state: "retrying",
      finishedAt: null,
      durationMs: null,
      notBefore: secondsAgo(60),
      reason: "writing is switched off (all)",
    }),
    runSummary({ state: "skipped", durationMs: null, startedAt: null, reason: "internet sync is switched off" }),
    runSummary({ state: "dead", attempt: 4, lastError: { class: "auth", message: "401 from the bank" } }),
  ];
  const app = await startFakeAdminApi(() => ({ json: { runs, nextCursor: null } }));
  const { code, stdout, stderr } = await rota(["runs"], { env: app.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trimEnd().split("\n")).toEqual([
    "RUN                                   JOB             STATE      WHEN            TOOK",
    `${RUN_ID}  sync_fx_latest  succeeded  3 min ago     412 ms`,
    `${RUN_ID}  sync_fx_latest  running    1 h ago`,
    "  attempt 2 of 4",
    `${RUN_ID}  sync_fx_latest  succeeded  3 min ago  3 min 5 s`,
    "  3 items failed",
    `${RUN_ID}  sync_fx_latest  retrying   in 6 min`,
    "  attempt 1 of 4; ECB answered 429 slow down (rate_limited)",
    `${RUN_ID}  sync_fx_latest  retrying   3 min ago`,
    "  attempt 1 of 4; writing is switched off (all)",
    `${RUN_ID}  sync_fx_latest  skipped    3 min ago`,
    "  internet sync is switched off",
    `${RUN_ID}  sync_fx_latest  dead       3 min ago     412 ms`,
    "  attempt 4 of 4; 401 from the bank (auth)",
  ]);
});

test("the longest job id fits 100 columns", async () => {
  const lastError = { class: "unknown" as const, message: "a very long explanation of what went wrong ".repeat(9) };
  const runs = [
    runSummary({ jobId: "retry_pending_etf_valuations", state: "dead", durationMs: 12_345_678, lastError }),
  ];
  const app = await startFakeAdminApi(() => ({ json: { runs, nextCursor: null } }));
  const { stdout } = await rota(["runs"], { env: app.env });
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  expect(stdout).toContain("retry_pending_etf_valuations");
});

test("filters are sent to the app unchanged", async () => {
  const app = await startFakeAdminApi(() => ({ json: { runs: [], nextCursor: null } }));
  const args = ["--job", "sync_fx_latest", "--state", "dead", "--family=portfolio", "--limit", "5", "--before", RUN_ID];
  const { stdout } = await rota(["runs", ...args], { env: app.env });
  expect(Object.fromEntries(new URL(app.asked[0]?.path ?? "", app.url).searchParams)).toEqual({
    job: "sync_fx_latest",
    state: "dead",
    family: "portfolio",
    limit: "5",
    cursor: RUN_ID,
  });
  expect(stdout).toBe("No runs.\n");
});

test("an unknown job is an error with a suggestion", async () => {
  const detail = "there is no job sync_fx_latst; did you mean sync_fx_latest?";
  const app = await startFakeAdminApi(({ path }) =>
    path.startsWith("/api/admin/jobs/") ? problem(404, detail) : { json: { runs: [], nextCursor: null } },
  );
  for (const more of [[], ["--json"]]) {
    const { code, stdout, stderr } = await rota(["runs", "--job", "sync_fx_latst", ...more], { env: app.env });
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: `The app answers: ${detail}\n` });
  }
});

test("lists twenty runs by default, and prints how to get older ones", async () => {
  const app = await startFakeAdminApi(() => ({ json: { runs: [runSummary()], nextCursor: RUN_ID } }));
  const { stdout } = await rota(["runs"], { env: app.env });
  expect(app.asked[0]?.path).toBe("/api/admin/runs?limit=20");
  expect(stdout).toContain(`Older runs: --before ${RUN_ID}\n`);
});

test("--json prints the app's answer", async () => {
  const answer = { runs: [runSummary()], nextCursor: RUN_ID };
  const app = await startFakeAdminApi(() => ({ json: answer }));
  expect(JSON.parse((await rota(["runs", "--json"], { env: app.env })).stdout)).toEqual(answer);
});

test("a rejected request is reported with the app's message", async () => {
  const app = await startFakeAdminApi(() => problem(400, "cursor: Invalid UUID"));
  const { code, stderr } = await rota(["runs", "--before", "yesterday"], { env: app.env });
  expect({ code, stderr }).toEqual({ code: 1, stderr: "The app rejects this request: cursor: Invalid UUID\n" });
});

test("a pipe that is closed early is not an error", async () => {
  const app = await startFakeAdminApi(() => ({
    json: { runs: Array.from({ length: 500 }, () => runSummary()), nextCursor: null },
  }));
  const child = await startRota(["runs"], { env: app.env });
  let stderr = "";
  child.stderr?.on("data", (text: Buffer) => (stderr += text.toString()));
  child.stdout?.destroy();
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
