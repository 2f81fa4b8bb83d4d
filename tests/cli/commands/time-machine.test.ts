import { expect, inject, test } from "vitest";
import { rota } from "../rota.ts";

const YEAR = ["time-machine", "--from", "2026-01-01", "--to", "2027-01-01"];
const WEEK = ["time-machine", "--from", "2026-03-26", "--to", "2026-04-02", "--job", "cleanup_fx_updates"];

const timeMachine = (args: readonly string[]) => rota(args, { env: { DATABASE_URL: inject("databaseServer") } });

test("a year of sync_fx_latest has 365 slots, all accounted for, and shows both clock changes", async () => {
  const args = [...YEAR, "--job", "sync_fx_latest", "--bodies", "off"];
  const { code, stdout } = await timeMachine(args);
  expect(stdout).toMatch(/sync_fx_latest +365 +365 +0 +0 +0 +0 +0 +0$/m);
  expect(stdout).toContain("2026-03-29T01:00:00Z Europe/Berlin  +01:00 to +02:00");
  expect(stdout).toContain("1: 2026-03-29T14:30:00Z");
  expect(stdout).toContain("1: 2026-10-25T15:30:00Z");
  expect(stdout).toContain("✔ All 365 slots are accounted for.");
  expect(code).toBe(0);
});

test("--schedule moves a job into the gap of a clock change; --json prints JSON", async () => {
  const args = [...WEEK, "--schedule", "cleanup_fx_updates=0 30 2 * * *@Europe/Berlin", "--json"];
  const { code, stdout } = await timeMachine(args);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    unaccounted: 0,
    jobs: [{ jobId: "cleanup_fx_updates", schedule: "0 30 2 * * *", calledFor: 7, ran: 7, body: "real" }],
    clockChanges: [{ zone: "Europe/Berlin", at: "2026-03-29T01:00:00.000Z" }],
  });
});

test("the output names what is not simulated", async () => {
  const args = [...WEEK.slice(0, 5), "--job", "rescue_stuck_runs", "--limit", "100"];
  const { code, stdout } = await timeMachine(args);
  // No window around the clock change of Berlin: no simulated job is in that zone.
  expect(stdout).toContain("rescue_stuck_runs: 120 of 10,080 slots were simulated, in 2 windows; the others were not.");
  expect(stdout).toContain("--limit 10080 simulates the whole span.");
  expect(code).toBe(0);
});

test("settings of the jobs apply as in the app", async () => {
  const env = { DATABASE_URL: inject("databaseServer"), CLEANUP_FX_UPDATES_ENABLED: "false" };
  const { stdout, code } = await rota(WEEK, { env });
  expect(stdout).toMatch(/cleanup_fx_updates +1 +0 +0 +0 +0 +0 +1 disabled +0/);
  expect(code).toBe(0);
});

test.each([
  [["time-machine"], "--from and --to are required"],
  [["time-machine", "--from", "2027-01-01", "--to", "2026-01-01"], "--to: expected an instant after --from"],
  [["time-machine", "--from", "2026-02-30", "--to", "2027-01-01"], "--from: expected a date, or an instant such as"],
  [["time-machine", "--from", "2026-01-01T00:00", "--to", "2027-01-01"], "--from: expected a date, or an instant"],
  [[...YEAR, "--job", "sync_fx_lates"], 'there is no job "sync_fx_lates"; did you mean sync_fx_latest?'],
  [[...YEAR, "--job", "sync_fx_historical"], "sync_fx_historical has no schedule."],
  [[...YEAR, "--schedule", "sync_fx_latest=0 30 16 * * *"], "--schedule: expected <job>=<expression>@<zone>"],
  [[...YEAR, "--schedule", "sync_fx_latest=0 99 16 * * *@UTC"], "the expression: minute field: expected 0 to 59"],
  [[...YEAR, "--schedule", "sync_fx=0 30 16 * * *@UTC"], 'there is no job "sync_fx"'],
  [[...YEAR, "--down", "2026-03-01"], "--down: expected two instants with a slash between them"],
  [[...YEAR, "--down", "2026-03-02/2026-03-01"], "--down: expected an end after its start"],
  [[...YEAR, "--down", "2025-12-31/2026-01-02"], "--down: expected an outage after 2026-01-01T00:00:00Z"],
  [[...YEAR, "--down", "2026-03-01/2026-03-03", "--down", "2026-03-02/2026-03-04"], "two outages overlap"],
  [[...YEAR, "--bodies", "maybe"], '--bodies: expected one of on, off, got "maybe"'],
  [[...YEAR, "--from", "2026-02-01"], "--from is given twice"],
])("%j is rejected", async (args, sentence) => {
  const { code, stdout, stderr } = await rota(args);
  expect(stderr).toContain(sentence);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});
