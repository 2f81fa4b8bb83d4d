import { describe, expect, test } from "vitest";
import type { RunView } from "#cli/admin-views.ts";
import { type Answer, type FakeAdminApi, problem, startFakeAdminApi } from "../fake-admin-api.ts";
import { hasTerminal, rota, rotaOnTerminal, startRota } from "../rota.ts";
import { RUN_ID, runningRun, runView } from "../sample-runs.ts";

const QUEUED = runningRun({ state: "queued", startedAt: null, attempt: 0 });

describe("starting", () => {
  test("sends the input to the job and prints how to show the run", async () => {
    const app = await appWith(QUEUED);
    const { code, stdout, stderr } = await rota(["run", "sync_fx_latest", '{"from": "2026-01-01"}'], { env: app.env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(app.asked).toMatchObject([
      {
        method: "POST",
        path: "/api/admin/jobs/sync_fx_latest/run",
        headers: { "content-type": "application/json" },
        body: '{"from":"2026-01-01"}',
      },
    ]);
    expect(stdout).toContain(`sync_fx_latest queued as run ${RUN_ID}\n`);
    expect(stdout).toContain(`npm run rota -- show ${RUN_ID}\n`);
    expect(stdout).toContain(`${app.url}/api/admin/runs/${RUN_ID}\n`);
  });

  test("sends {} without an input, and encodes the id in the path", async () => {
    const app = await appWith(QUEUED);
    await rota(["run", "../runs?x"], { env: app.env });
    expect(app.asked).toMatchObject([{ path: "/api/admin/jobs/..%2Fruns%3Fx/run", body: "{}" }]);
  });

  test("prints the app's message for an unknown job", async () => {
    const detail = "there is no job sync_fx_latst; did you mean sync_fx_latest?";
    const app = await startFakeAdminApi(() => problem(404, detail));
    const outcome = await rota(["run", "sync_fx_latst"], { env: app.env });
    expect(outcome).toEqual({ code: 1, stdout: "", stderr: `The app answers: ${detail}\n` });
  });

  test("prints the app's message for invalid input", async () => {
    const app = await startFakeAdminApi(() => problem(400, "from: Invalid ISO date"));
    const outcome = await rota(["run", "sync_fx_historical", "{}"], { env: app.env });
    expect(outcome).toEqual({ code: 1, stdout: "", stderr: "The app rejects this request: from: Invalid ISO date\n" });
  });

  test("reports a closed gate immediately, with or without --wait", async () => {
    const skipped = runView({
      state: "skipped",
      reason: "internet sync is switched off",
      startedAt: null,
      durationMs: null,
    });
    const app = await appWith(skipped);
    const { code, stderr } = await rota(["run", "sync_fx_latest"], { env: app.env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "sync_fx_latest was skipped: internet sync is switched off\n",
    });
    expect(app.asked).toHaveLength(1);
  });

  test.each([
    ['{"from": 2026-01-01}', 'expected , or } at character 14, got "-01-01}".'],
    [
      "{from: 1}",
      'expected a name in double quotes at character 2, got "from: 1}"; put the JSON in single quotes, otherwise the shell removes the double quotes.',
    ],
    ['{"from": ', "expected a value at character 10, got the end."],
    ["", "expected a value at character 1, got the end."],
  ])("rejects JSON such as %j and names the position", async (json, rest) => {
    const app = await appWith(QUEUED);
    const outcome = await rota(["run", "sync_fx_latest", json], { env: app.env });
    expect(outcome).toEqual({ code: 2, stdout: "", stderr: `run: <json> is not valid JSON: ${rest}\n` });
    expect(app.asked).toEqual([]);
  });
});

describe("--wait", () => {
  test("shows a line for each change and then the counters", async () => {
    const progress = { done: 3_000, total: 10_000 };
    const app = await appWith(
      QUEUED,
      QUEUED,
      runningRun(),
      runningRun({ progress }),
      runningRun({ progress: { ...progress, note: "merging" } }),
      runView({ result: { inserted: 9_990 }, itemFailureCount: 10, durationMs: 4_200 }),
    );
    const { code, stdout, stderr } = await rota(["run", "sync_fx_latest", "--wait"], { env: app.env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trimEnd().split("\n")).toEqual([
      `sync_fx_latest  ${RUN_ID}`,
      "queued",
      "running",
      "running  3,000 of 10,000 (30 %)",
      "running  3,000 of 10,000 (30 %)  merging",
      "✔ sync_fx_latest succeeded in 4.2 s",
      "  inserted  9,990",
      `  10 items failed: npm run rota -- show ${RUN_ID}`,
    ]);
    expect(app.asked.slice(1).every(({ path }) => path === `/api/admin/runs/${RUN_ID}`)).toBe(true);
  });

  test("is allowed before and after the input, with and without seconds", async () => {
    const input = '{"a":1}';
    for (const args of [
      ["--wait", input],
      [input, "--wait"],
      ["--wait", "9", input],
      [input, "--wait=9"],
    ]) {
      const app = await appWith(QUEUED, runView());
      expect(await rota(["run", "sync_fx_latest", ...args], { env: app.env })).toMatchObject({ code: 0, stderr: "" });
      expect(app.asked).toMatchObject([{ body: input }, { method: "GET" }]);
    }
  });

  test("shows failed attempts and the time of the next attempt", async () => {
    const errors = [
      {
        attempt: 1,
        at: "2026-11-22T12:00:00.000Z",
        class: "transient",
        name: "E",
        message: "ECB\nanswered 503",
        stack: "",
      },
    ] as const;
    const app = await appWith(
      QUEUED,
      runningRun({ state: "retrying", notBefore: "2026-11-22T12:00:05.000Z", errors }),
      runningRun({ attempt: 2, errors }),
      runView({ attempt: 2, errors }),
    );
    const { code, stdout } = await rota(["run", "sync_fx_latest", "--wait"], { env: app.env });
    expect(code).toBe(0);
    expect(stdout).toContain(
      "\nretrying: attempt 1 failed: ECB answered 503; next attempt at 2026-11-22T13:00:05+01:00\nrunning, attempt 2 of 4\n",
    );
  });

  test("shows for which gate a run waits", async () => {
    const reason = "writing is switched off (all)";
    const waits = { reason, reasonCode: "write-disabled", notBefore: "2026-11-22T12:00:05.000Z" };
    const app = await appWith(
      QUEUED,
      runningRun({ state: "queued", ...waits }),
      runningRun({ state: "retrying", ...waits }),
      runView({ attempt: 2 }),
    );
    const { stdout } = await rota(["run", "sync_fx_latest", "--wait"], { env: app.env });
    expect(stdout).toContain(`\nqueued: ${reason}\nretrying: ${reason}\n`);
  });

  test.each([
    [
      runView({
        state: "dead",
        attempt: 4,
        errors: [{ attempt: 4, at: "", class: "auth", name: "E", message: "401\nfrom ECB", stack: "at x" }],
      }),
      "sync_fx_latest is dead after 4 attempts: 401 from ECB (auth)",
    ],
    [runView({ state: "cancelled", reason: "nothing left to do" }), "sync_fx_latest was cancelled: nothing left to do"],
    [
      runView({ state: "skipped", reason: "already running: run 7" }),
      "sync_fx_latest was skipped: already running: run 7",
    ],
  ])("ends with exit code 1 and the reason when the run did not succeed (%#)", async (ended, sentence) => {
    const app = await appWith(QUEUED, ended);
    const { code, stderr } = await rota(["run", "sync_fx_latest", "--wait"], { env: app.env });
    expect({ code, stderr }).toEqual({ code: 1, stderr: `${sentence}\n` });
  });

  test("stops waiting after its seconds, and prints that the run continues", async () => {
    const app = await appWith(QUEUED, runningRun());
    const { code, stderr } = await rota(["run", "sync_fx_latest", "--wait", "1"], { env: app.env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `sync_fx_latest is still running after 1 s; the run continues: npm run rota -- show ${RUN_ID}\n`,
    });
  });

  test("tolerates an app that does not answer for a moment", async () => {
    const answers: Answer[] = [{ json: QUEUED }, { hangUp: true }, { status: 503, text: "" }, { json: runView() }];
    const app = await startFakeAdminApi((_, count) => answers[count - 1] ?? { status: 500 });
    expect(await rota(["run", "sync_fx_latest", "--wait"], { env: app.env })).toMatchObject({ code: 0, stderr: "" });
    expect(app.asked).toHaveLength(4);
  });

  test("fails when the run no longer exists", async () => {
    const answers: Answer[] = [{ json: QUEUED }, problem(404, "there is no run 7")];
    const app = await startFakeAdminApi((_, count) => answers[count - 1] ?? { status: 500 });
    const { code, stderr } = await rota(["run", "sync_fx_latest", "--wait"], { env: app.env });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "The app answers: there is no run 7\n" });
  });

  test("Ctrl-C ends the waiting, and prints that the run continues", async () => {
    const app = await appWith(QUEUED, runningRun());
    const child = await startRota(["run", "sync_fx_latest", "--wait"], { env: app.env });
    let output = "";
    child.stdout?.on("data", (text: Buffer) => {
      const isFirst = !output.includes("running");
      output += text.toString();
      // Only once: a second SIGINT would kill the process.
      if (isFirst && output.includes("running")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(130);
    expect(output).toContain(`The run continues: npm run rota -- show ${RUN_ID}\n`);
  });

  test("with --json prints only the finished run", async () => {
    const app = await appWith(QUEUED, runningRun(), runView());
    const { stdout } = await rota(["run", "sync_fx_latest", "--wait", "--json"], { env: app.env });
    expect(JSON.parse(stdout)).toMatchObject({ id: RUN_ID, state: "succeeded" });
  });

  test.skipIf(!hasTerminal)("redraws one line with a progress bar on a terminal", async () => {
    const app = await appWith(
      QUEUED,
      runningRun({ progress: { done: 1, total: 2, note: "x".repeat(200) } }),
      runView(),
    );
    const output = await rotaOnTerminal(["run", "sync_fx_latest", "--wait"], { env: { ...app.env, NO_COLOR: "1" } });
    const drawn = output.split("\r\u001b[2K").slice(1);
    expect(drawn[0]).toMatch(/^● queued {2}\d+ s$/);
    expect(drawn[1]).toMatch(/^● ████████████░░░░░░░░░░░░ running {2}1 of 2 \(50 %\) {2}x+… {2}\d+ s$/);
    expect(drawn[1]?.length).toBeLessThan(100);
    expect(drawn.at(-1)).toMatch(/^✔ sync_fx_latest succeeded in 412 ms\r\n/);
  });
});

/** An app that answers with these runs in order, then always with the last one. */
async function appWith(...runs: readonly RunView[]): Promise<FakeAdminApi> {
  return startFakeAdminApi((_, count) => ({ json: runs[Math.min(count, runs.length) - 1] }));
}
