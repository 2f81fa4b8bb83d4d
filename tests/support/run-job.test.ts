import { expect, it } from "vitest";
import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import { defineJob, exponential, internet, manual } from "#jobs";
import { openDatabase } from "./database.ts";
import { aRun } from "./factories.ts";
import { runJob } from "./run-job.ts";

const greet = defineJob({
  id: "greet",
  family: { id: "platform", title: "Platform" },
  summary: "Says what it was given",
  on: manual,
  input: z.strictObject({ name: z.string().default("world"), fail: z.boolean().default(false) }),
  retry: exponential({ retries: 2, first: "10s" }),
  gates: [internet],
  async run({ input, asOf, log, run, settings }) {
    log.info("Hello", { name: input.name });
    if (input.fail) throw new Error("no voice");
    return { name: input.name, asOf: asOf.toISOString(), attempt: run.attempt, fetches: settings.FX_PROVIDERS };
  },
});

const { url, db } = await openDatabase();

it("gives the job its input, instant and settings, and returns result, log and the row of the ledger", async () => {
  const asOf = "2026-03-29T01:00:00Z";
  const { run, result, log } = await runJob(greet, { url, asOf, settings: { FX_PROVIDERS: "ecb" } });
  expect(result).toEqual({ name: "world", asOf: "2026-03-29T01:00:00.000Z", attempt: 1, fetches: ["ecb"] });
  expect(log).toContainEqual(expect.objectContaining({ message: "Hello", level: "info" }));
  expect(await findRun(db, run.id)).toMatchObject({ state: "succeeded", result });
});

it("returns a failure: the run waits for its next attempt, which is dispatched", async () => {
  const { run, result, dispatched } = await runJob(greet, { db, input: { fail: true } });
  expect(run).toMatchObject({ state: "retrying", attempt: 1, errors: [{ message: "no voice" }] });
  expect(result).toBeNull();
  expect(dispatched).toEqual([{ id: run.id, jobId: "greet", at: run.notBefore }]);
});

it("can execute the last attempt at once", async () => {
  const { run, dispatched } = await runJob(greet, { db, input: { fail: true }, attempt: 3 });
  expect(run).toMatchObject({ state: "dead", attempt: 3 });
  expect(dispatched).toEqual([]);
  await expect(runJob(greet, { db, attempt: 4 })).rejects.toThrow("attempt: expected at most 3, got 4");
});

it("checks gates and input like the app", async () => {
  const { run } = await runJob(greet, { db, settings: { ALLOW_INTERNET_SYNC: "false" } });
  expect(run).toMatchObject({ state: "skipped", reasonCode: "internet-sync-disabled" });
  await expect(runJob(greet, { db, input: { nam: "x" } })).rejects.toThrow("nam");
});

it("reports that the job cannot start while another run is active", async () => {
  await aRun(db, { jobId: "greet", state: "running", concurrencyKey: "" });
  await expect(runJob(greet, { db })).rejects.toThrow("greet did not start");
});

it.each(["queued", "running", "succeeded", "retrying", "dead", "skipped", "cancelled"] as const)(
  "the factory inserts a valid %s run",
  async (state) => {
    expect(await aRun(db, { state })).toMatchObject({ state, jobId: "a_job" });
  },
);
