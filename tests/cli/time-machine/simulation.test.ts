import postgres from "postgres";
import { expect, inject, it, onTestFinished } from "vitest";
import { z } from "zod";
import { type JobResult, runTimeMachine, type TimeMachineOptions } from "#cli/time-machine/run-time-machine.ts";
import { simulate, type SimulationOptions } from "#cli/time-machine/simulation.ts";
import { temporaryDatabases } from "#cli/time-machine/temporary-databases.ts";
import { syncFxLatest } from "#functions/portfolio/sync-fx-latest.ts";
import { defineJob, exponential, type Job, type RunResult } from "#jobs";
import { type Schedule, schedule } from "#schedule/index.ts";
import { migratedDatabase } from "#support/database.ts";

const span = (from: string, to: string) => ({ from: new Date(`${from}Z`), to: new Date(`${to}Z`) });
const YEAR = span("2026-01-01T00:00:00", "2027-01-01T00:00:00");
const OCTOBER = span("2026-10-24T00:00:00", "2026-10-27T00:00:00");
const MARCH = span("2026-03-28T00:00:00", "2026-03-31T00:00:00");

function job(on: Schedule, run: (context: { asOf: Date }) => Promise<RunResult | void> = async () => ({})): Job {
  return defineJob({
    id: "a_job",
    family: { id: "platform", title: "Platform" },
    summary: "For a test",
    on,
    input: z.strictObject({}),
    retry: exponential({ retries: 2, first: "10m", max: "1h" }),
    run,
  });
}

/** The slots in the ledger after a simulation, with their outcomes. */
async function ledgerAfter(options: Omit<SimulationOptions, "url">) {
  const database = await migratedDatabase();
  onTestFinished(() => database.drop());
  const { firings } = await simulate({ url: database.url, ...options });
  const sql = postgres(database.url, { max: 1 });
  const rows = await sql<{ slot: string; state: string; attempt: number; late: number; local: string }[]>`
    select to_char(scheduled_for at time zone 'UTC', 'MM-DD HH24:MI') as slot, state, attempt,
           extract(epoch from started_at - scheduled_for)::int as late,
           to_char(scheduled_for at time zone 'Europe/Berlin', 'YYYY-MM-DD HH24:MI:SS') as local
      from platform.job_runs order by scheduled_for`;
  await sql.end();
  return { rows: [...rows], firings, slots: rows.map(({ slot }) => slot) };
}

async function resultOf(options: Omit<TimeMachineOptions, "databases">): Promise<JobResult> {
  const databases = await temporaryDatabases(inject("databaseServer"));
  onTestFinished(() => databases.close());
  const { jobs } = await runTimeMachine({ databases, ...options });
  return jobs[0] as JobResult;
}

it("sync_fx_latest runs once on each of the 365 days of a year, at 16:30 local time in Berlin", async () => {
  const { rows, firings } = await ledgerAfter({
    jobs: [{ ...syncFxLatest, work: { kind: "run", run: async () => ({}) } }],
    span: YEAR,
  });
  // PostgreSQL has its own time zone data, so it is an independent oracle.
  expect(rows.filter(({ local }) => !local.endsWith("16:30:00"))).toEqual([]);
  expect(new Set(rows.map(({ local }) => local.slice(0, 10))).size).toBe(365);
  expect(rows).toHaveLength(365);
  expect(rows.every(({ state, late }) => state === "succeeded" && late === 0)).toBe(true);
  expect(firings, "the timer fires at 14:30 and at 15:30 UTC all year").toBe(730);
});

it("with its real work it fetches the rates of every working day once", async () => {
  const result = await resultOf({ jobs: [syncFxLatest], span: span("2026-03-20T00:00:00", "2026-04-10T00:00:00") });
  expect(result).toMatchObject({ body: "real", calledFor: 21, ran: 21, failed: 0, waiting: 0, firstError: null });
  expect(result.unaccounted).toEqual([]);
});

it("a fixed time in the gap of a clock change is due once, at the first instant after the gap", async () => {
  const { slots } = await ledgerAfter({ jobs: [job(schedule("0 30 2 * * *", "Europe/Berlin"))], span: MARCH });
  expect(slots).toEqual(["03-28 01:30", "03-29 01:00", "03-30 00:30"]);
});

it("a fixed time in a repeated hour is due once, at its first occurrence", async () => {
  const { slots } = await ledgerAfter({ jobs: [job(schedule("0 30 2 * * *", "Europe/Berlin"))], span: OCTOBER });
  expect(slots).toEqual(["10-24 00:30", "10-25 00:30", "10-26 01:30"]);
});

it("a schedule that repeats during the day runs in both repeated hours", async () => {
  const on = schedule("0 0,30 * * * *", "Europe/Berlin");
  const { slots } = await ledgerAfter({ jobs: [job(on)], span: span("2026-10-25T00:00:00", "2026-10-25T02:00:00") });
  expect(slots).toEqual(["10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30"]);
});

it("after an outage the last slot runs late, and the timer fires once for all missed occurrences", async () => {
  const on = schedule("0 30 * * * *", "UTC");
  const outages = [span("2026-03-28T22:00:00", "2026-03-29T06:00:00")];
  const result = await resultOf({ jobs: [job(on)], span: MARCH, outages });
  const late = result.ranLate + result.caughtUp;
  expect(result.calledFor).toBe(72);
  expect(result.ran).toBe(64);
  expect(late).toBeGreaterThanOrEqual(1);
  // Each missed slot is in the ledger with its outcome, or is reported as unaccounted.
  const skipped = Object.values(result.skipped).reduce((sum, count) => sum + count, 0);
  expect(late + skipped + result.unaccounted.length).toBe(8);
  expect(result.uncalledFor).toEqual([]);
});

it.each([
  ["once", { ranLate: 1, caughtUp: 0, skipped: { "caught-up": 7 } }],
  ["all", { ranLate: 1, caughtUp: 7, skipped: {} }],
  ["skip", { ranLate: 0, caughtUp: 0, skipped: { missed: 8 } }],
] as const)("a job whose missed slots go %s: each of the eight is accounted for", async (missed, expected) => {
  const on = schedule("0 30 * * * *", "UTC");
  const outages = [span("2026-03-28T22:00:00", "2026-03-29T06:00:00")];
  const result = await resultOf({ jobs: [{ ...job(on), missed }], span: MARCH, outages });
  expect(result).toMatchObject({ calledFor: 72, ran: 64, failed: 0, waiting: 0, ...expected });
  expect(result.unaccounted).toEqual([]);
});

it("a daily slot during an outage runs after it", async () => {
  const outages = [span("2026-03-28T22:00:00", "2026-03-29T06:00:00")];
  const jobs = [job(schedule("0 30 3 * * *", "Europe/Berlin"))];
  const { rows } = await ledgerAfter({ jobs, span: MARCH, outages });
  expect(rows.map(({ slot, late }) => [slot, late])).toEqual([
    ["03-28 02:30", 0],
    ["03-29 01:30", 4.5 * 3_600],
    ["03-30 01:30", 0],
  ]);
});

it("two processes with the same timers run each slot once", async () => {
  const executed: string[] = [];
  const body = async ({ asOf }: { asOf: Date }) => void executed.push(asOf.toISOString());
  const jobs = [job(schedule("0 */10 * * * *", "Europe/Berlin"), body)];
  const day = span("2026-10-25T00:00:00", "2026-10-25T06:00:00");
  const { rows, firings } = await ledgerAfter({ jobs, span: day, processes: 2 });
  expect(firings).toBe(72);
  expect(rows).toHaveLength(36);
  expect(rows.every(({ state, attempt }) => state === "succeeded" && attempt === 1)).toBe(true);
  expect(new Set(executed).size).toBe(36);
  expect(executed).toHaveLength(36);
});

it("a retry runs at its simulated time", async () => {
  let calls = 0;
  const body = async () => {
    calls += 1;
    if (calls === 1) throw new Error("the first time it fails");
  };
  const jobs = [job(schedule("0 0 3 * * *", "UTC"), body)];
  const { rows } = await ledgerAfter({ jobs, span: MARCH });
  const [failed, ...others] = rows;
  expect(failed).toMatchObject({ state: "succeeded", attempt: 2 });
  expect(failed?.late).toBeGreaterThan(60);
  expect(failed?.late).toBeLessThanOrEqual(1_200);
  expect(others).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
});

it("an error of the job layer ends the simulation", async () => {
  const broken = { ...job(schedule("0 0 3 * * *", "UTC")), onTransition: () => Promise.reject(new Error("no row")) };
  await expect(ledgerAfter({ jobs: [broken], span: MARCH })).rejects.toThrow("no row");
});

it("a simulation can be aborted", async () => {
  const jobs = [job(schedule("0 0 3 * * *", "UTC"))];
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(ledgerAfter({ jobs, span: MARCH, signal })).rejects.toThrow("enough");
});
