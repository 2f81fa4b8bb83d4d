import { expect, it } from "vitest";
import { straySettings } from "#cli/stray-settings.ts";

const jobs = ["sync_rates", "sync_rates_daily", "send_notification"];
const said = (env: Record<string, string>) => straySettings(env, jobs);

it.each([
  ["nearly a setting that is set too", { JOB_LEASE: "15s", JOB_LEAS: "60s" }, "JOB_LEAS", "did you mean JOB_LEASE?"],
  [
    "a job's setting behind a prefix",
    { JOB_SYNC_RATES_ENABLED: "no" },
    "JOB_SYNC_RATES_ENABLED",
    "did you mean SYNC_RATES_ENABLED?",
  ],
  ["both at once", { JOB_SYNC_RATES_SHEDULE: "x" }, "JOB_SYNC_RATES_SHEDULE", "did you mean SYNC_RATES_SCHEDULE?"],
  [
    "what no job can be told",
    { SYNC_RATES_DAILY_COLOUR: "red" },
    "SYNC_RATES_DAILY_COLOUR",
    "sync_rates_daily has SYNC_RATES_DAILY_SCHEDULE, SYNC_RATES_DAILY_TIME_ZONE, SYNC_RATES_DAILY_ENABLED, SYNC_RATES_DAILY_MAX_RETRIES",
  ],
  [
    "an invention of the app's own name",
    { ROTA_COLOUR: "red" },
    "ROTA_COLOUR",
    "docs/settings.md has those that there are",
  ],
])("%s is told of", (_what, env, name, advice) => {
  expect(said(env as Record<string, string>)).toEqual([`${name}: nobody reads this setting; ${advice}`]);
});

it("settings, and what belongs to others, are not", () => {
  expect(
    said({
      JOB_LEASE: "60s",
      SYNC_RATES_ENABLED: "true",
      ROTA_PORT: "7072",
      ROTA_URL: "http://127.0.0.1:7071",
      JOB_NAME: "nightly",
      JOB_URL: "http://ci",
      PATH: "/bin",
      LANG: "C",
      HOSTNAME: "here",
      DATABASE: "x",
      FUNCTIONS_WORKER_RUNTIME: "node",
      WEBSITE_SITE_NAME: "rota",
      "AzureWebJobs.syncRates.Disabled": "1",
    }),
  ).toEqual([]);
});
