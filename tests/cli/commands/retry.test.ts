import { describe, expect, test } from "vitest";
import { type Answer, problem, startFakeAdminApi } from "../fake-admin-api.ts";
import { hasTerminal, rota, rotaOnTerminal } from "../rota.ts";

const RUN = "01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42";
const CURSOR = `${RUN}_2026-03-10T12:00:00.000Z`;
const reason = "the switch is on again";
const select = ["retry", "--job", "send_notification"];

/** An app with 1,500 runs of a job on two pages; one run is refused. */
const startApp = (count = 1_500) =>
  startFakeAdminApi(({ method, body }): Answer => {
    if (method === "GET") return problem(404, "there is no job send_notificatoin; did you mean send_notification?");
    const { dryRun, after } = JSON.parse(body) as { dryRun?: boolean; after?: string };
    const refused = [{ run: RUN, code: "invalid-input", reason: "its input is not valid" }];
    const page = { retried: 999, notRetried: { "invalid-input": 1 }, refused, nextAfter: CURSOR };
    if (count === 0) return { json: { ...page, retried: 0, notRetried: {}, refused: [], count, jobs: {}, sample: [] } };
    if (dryRun) return { json: { ...page, count, jobs: { send_notification: count }, sample: [] } };
    if (after) return { status: 202, json: { ...page, retried: 500, notRetried: {}, refused: [], nextAfter: null } };
    return { status: 202, json: page };
  });
const sent = (app: { asked: readonly { body: string }[] }) =>
  app.asked.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

test("retries page by page with progress, after a dry run, and shows what the app refused", async () => {
  const app = await startApp();
  const { code, stdout, stderr } = await rota([...select, "--reason", reason, "--yes"], { env: app.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const filter = { state: "skipped", job: "send_notification" };
  expect(sent(app)).toEqual([
    { filter, limit: 1_000, dryRun: true },
    { filter, limit: 1_000, reason },
    { filter, limit: 1_000, reason, after: CURSOR },
  ]);
  expect(stdout.split("\n")).toEqual([
    "1,500 runs found:",
    "  send_notification  1,500 runs",
    "Of the first 1,000 runs, the app refuses 1:",
    `  ${RUN}  its input is not valid`,
    "1,000 of 1,500 (66 %)",
    "1,500 of 1,500 (100 %)",
    "✔ 1,499 runs retried.",
    "1 run not retried:",
    `  ${RUN}  its input is not valid`,
    "",
  ]);
});

test("a dry run needs no reason and changes nothing", async () => {
  const app = await startApp();
  const args = [
    "retry",
    "--state",
    "dead",
    "--family",
    "platform",
    "--code",
    "too-late",
    "--since",
    "2026-03-10T09:00+01:00",
  ];
  const { code, stdout } = await rota([...args, "--until", "2026-03-11", "--dry-run"], { env: app.env });
  expect(code).toBe(0);
  const [since, until] = ["2026-03-10T08:00:00.000Z", "2026-03-11T00:00:00.000Z"];
  expect(sent(app)).toEqual([
    { filter: { state: "dead", family: "platform", reasonCode: "too-late", since, until }, limit: 1_000, dryRun: true },
  ]);
  expect(stdout).not.toContain("retried");
});

test("takes one run by its id", async () => {
  const app = await startApp();
  await rota(["retry", RUN, "--reason", reason, "--yes"], { env: app.env });
  expect(sent(app)[0]).toEqual({ runs: [RUN], limit: 1_000, dryRun: true });
});

test("without --yes and without a terminal nothing is retried", async () => {
  const app = await startApp();
  const { code, stderr } = await rota([...select, "--reason", reason], { env: app.env });
  expect({ code, stderr }).toEqual({ code: 2, stderr: "Retry 1,500 runs? Answer it with --yes.\n" });
  expect(sent(app)).toHaveLength(1);
});

test.runIf(hasTerminal).each([
  ["y", 3, " 1,499 runs retried."],
  ["n", 1, "Nothing was retried."],
  ["\u0004", 1, "Nothing was retried."],
])("on a terminal it asks: %j makes %i requests", async (answer, requests, shown) => {
  const app = await startApp();
  const output = await rotaOnTerminal([...select, "--reason", reason], { env: app.env, typed: `${answer}\n` });
  expect(output).toContain("Retry 1,500 runs? [y/N]");
  expect(output).toContain(shown);
  expect(sent(app)).toHaveLength(requests);
});

test("prints one JSON value for scripts", async () => {
  const app = await startApp();
  const { stdout } = await rota([...select, "--reason", reason, "--yes", "--json"], { env: app.env });
  expect(JSON.parse(stdout)).toMatchObject({ retried: 1_499, notRetried: { "invalid-input": 1 } });
});

test("no runs are a failure, and a misspelt job gets the app's suggestion", async () => {
  const app = await startApp(0);
  const none = await rota(["retry", "--since", "2h", "--reason", reason, "--yes"], { env: app.env });
  expect(none).toMatchObject({ code: 1, stdout: "No run can be retried.\n" });
  const misspelt = await rota(["retry", "--job", "send_notificatoin", "--dry-run"], { env: app.env });
  expect(misspelt.stderr).toContain("did you mean send_notification?");
});

test("an app that fails in the middle is reported with what was done", async () => {
  const app = await startFakeAdminApi(({ body }, count) => {
    const { dryRun } = JSON.parse(body) as { dryRun?: boolean };
    if (count === 3) return problem(503, "the database does not answer");
    const page = { retried: 1_000, notRetried: {}, refused: [], nextAfter: CURSOR };
    return { json: dryRun ? { ...page, count: 1_500, jobs: {}, sample: [] } : page };
  });
  const { code, stderr } = await rota([...select, "--reason", reason, "--yes"], { env: app.env });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      "The app answers: the database does not answer. 1,000 runs had been retried before. " +
      "Start the command again: it leaves these out.\n",
  });
});

describe("wrong usage", () => {
  test.each<[string, string[], string]>([
    ["nothing selected", ["--reason", reason], "retry: expected a run, or at least one of --job"],
    ["only a state", ["--state", "dead", "--reason", reason], "retry: expected a run, or at least one of --job"],
    ["no reason", ["--since", "2h"], "retry: --reason is required without --dry-run"],
    ["an unknown state", ["--state", "failed"], "retry: --state: expected one of skipped, cancelled, dead"],
    ["an unreadable time", ["--since", "yesterday"], "retry: --since: expected a time such as 2h"],
    ["a time that does not exist", ["--until", "2026-13-01"], "retry: --until: expected a time such as 2h"],
    ["no run id", ["sync_fx_latest", "--dry-run"], "retry: <run>: expected a run id"],
    ["a run and a filter", [RUN, "--since", "2h", "--dry-run"], "retry: expected a run or options that select runs"],
    [
      "JSON without an answer",
      ["--since", "2h", "--reason", reason, "--json"],
      "retry: --json needs --yes or --dry-run",
    ],
  ])("%s is refused", async (_, args, message) => {
    const { code, stderr } = await rota(["retry", ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
