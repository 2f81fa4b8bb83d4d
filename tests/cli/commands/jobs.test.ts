import { expect, test } from "vitest";
import { startFakeAdminApi } from "../fake-admin-api.ts";
import { hasTerminal, rota, rotaOnTerminal } from "../rota.ts";
import { jobView, RUN_ID, secondsAgo } from "../sample-runs.ts";

const SOON = new Date(Math.floor(Date.now() / 1_000) * 1_000 + (3 * 3_600 + 12 * 60 + 30) * 1_000);
const SOON_IN_TOKYO = `${new Date(SOON.getTime() + 9 * 3_600_000).toISOString().slice(0, 19)}+09:00`;

const JOBS = [
  jobView({
    next: [SOON.toISOString()],
    lastRun: {
      id: RUN_ID,
      state: "succeeded",
      startedAt: secondsAgo(301),
      finishedAt: secondsAgo(300),
      durationMs: 412,
    },
  }),
  jobView({
    id: "refresh_property_valuations",
    family: "tax-liens",
    schedule: {
      expression: "0 */5 8-18 * * 1-5",
      timeZone: "America/New_York",
      inWords: "every 5 minutes from 08:00 to 18:55, every Monday to Friday, America/New_York",
    },
    next: [SOON.toISOString()],
    lastRun: { id: RUN_ID, state: "running", startedAt: secondsAgo(7_300), finishedAt: null, durationMs: null },
  }),
  jobView({ id: "run_analysis", family: "knowledge", schedule: null }),
  jobView({ id: "sync_fx_historical", enabled: false, next: [SOON.toISOString()] }),
];

test("a job has its family, its schedule in words and zone, its next run and its last run", async () => {
  const app = await startFakeAdminApi(() => ({ json: { jobs: JOBS } }));
  const { code, stdout, stderr } = await rota(["jobs"], { env: { ...app.env, TZ: "Asia/Tokyo" } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trimEnd().split("\n")).toEqual([
    "JOB                          FAMILY     SCHEDULE                NEXT RUN                   LAST RUN",
    "sync_fx_latest               portfolio  every day at 16:30      in 3 h 12 min              succeeded",
    `                                        Europe/Berlin           ${SOON_IN_TOKYO}  5 min ago`,
    "refresh_property_valuations  tax-liens  every 5 minutes from    in 3 h 12 min              running",
    `                                        08:00 to 18:55, every   ${SOON_IN_TOKYO}  2 h ago`,
    "                                        Monday to Friday",
    "                                        America/New_York",
    "run_analysis                 knowledge  on demand               –                          –",
    "sync_fx_historical           portfolio  every day at 16:30      disabled                   –",
    "                                        Europe/Berlin",
  ]);
});

test("--json prints the app's answer", async () => {
  const app = await startFakeAdminApi(() => ({ json: { jobs: JOBS, more: "\u001b[31m" } }));
  const { code, stdout } = await rota(["jobs", "--json"], { env: app.env });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ jobs: JOBS, more: "\u001b[31m" });
});

test("piped output has no colours", async () => {
  const app = await startFakeAdminApi(() => ({ json: { jobs: JOBS } }));
  expect((await rota(["jobs"], { env: app.env })).stdout).not.toContain("\u001b");
});

test.skipIf(!hasTerminal)("a terminal gets colours, except with NO_COLOR", async () => {
  const app = await startFakeAdminApi(() => ({ json: { jobs: JOBS } }));
  const green = "\u001b[32msucceeded\u001b[39m";
  expect(await rotaOnTerminal(["jobs"], { env: app.env })).toContain(green);
  expect(await rotaOnTerminal(["jobs"], { env: { ...app.env, NO_COLOR: "1" } })).not.toContain("\u001b");
});
