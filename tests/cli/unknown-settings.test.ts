import { expect, it } from "vitest";
import { unknownSettings } from "#cli/unknown-settings.ts";

const jobs = ["sync_rates", "sync_rates_daily", "send_notification"];
const warningsFor = (env: Record<string, string>) => unknownSettings(env, jobs);

it.each([
  [
    "a misspelt setting beside the right one",
    { JOB_LEASE: "15s", JOB_LEAS: "60s" },
    "JOB_LEAS",
    "did you mean JOB_LEASE?",
  ],
  [
    "a job's setting with a wrong prefix",
    { JOB_SYNC_RATES_ENABLED: "no" },
    "JOB_SYNC_RATES_ENABLED",
    "did you mean SYNC_RATES_ENABLED?",
  ],
  ["both at once", { JOB_SYNC_RATES_SHEDULE: "x" }, "JOB_SYNC_RATES_SHEDULE", "did you mean SYNC_RATES_SCHEDULE?"],
  [
    "a setting that the job does not have",
    { SYNC_RATES_DAILY_COLOUR: "red" },
    "SYNC_RATES_DAILY_COLOUR",
    "sync_rates_daily has SYNC_RATES_DAILY_SCHEDULE, SYNC_RATES_DAILY_TIME_ZONE, SYNC_RATES_DAILY_ENABLED, SYNC_RATES_DAILY_MAX_RETRIES",
  ],
  ["an unknown name with Rota's prefix", { ROTA_COLOUR: "red" }, "ROTA_COLOUR", "docs/settings.md lists all settings"],
])("warns of %s", (_what, env, name, advice) => {
  expect(warningsFor(env as Record<string, string>)).toEqual([`${name}: unknown setting; ${advice}`]);
});

it("does not warn of known settings and of variables of other programs", () => {
  expect(
    warningsFor({
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
