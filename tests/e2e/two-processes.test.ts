import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { discardPostgres } from "../../local/postgres/start.ts";
import { startStack, stateDirectory, until } from "./stack.ts";

let state: string;
beforeAll(async () => {
  state = await stateDirectory();
});
afterAll(async () => {
  await discardPostgres(join(state, "postgres")).catch(() => undefined);
  await rm(state, { recursive: true, force: true });
});

it("a timer slot fires once with two app processes on one database", async () => {
  const env = { CLEANUP_FX_UPDATES_SCHEDULE: "* * * * * *", LOG_FORMAT: "json" };
  const one = await startStack(state, { env });
  const two = await startStack(state, { args: ["--join"], env });
  const slots = await until(
    async () => {
      const { body } = await one.call<{ runs: { scheduledFor: string; state: string }[] }>(
        "GET",
        "api/admin/runs?job=cleanup_fx_updates&trigger=schedule&state=succeeded",
      );
      return body.runs.map(({ scheduledFor }) => scheduledFor);
    },
    (seen) => seen.length >= 12,
  );
  await Promise.all([two.stop(), one.stop()]);
  expect(new Set(slots).size, "no slot twice").toBe(slots.length);

  // The logs of both: each slot was started by one of them, and both had their share of the ticks.
  const started = [one, two].map(({ output }) =>
    [...output().matchAll(/^\{.*\}$/gm)]
      .map(([line]) => JSON.parse(line) as { job?: string; message: string; slot?: string })
      .filter(({ job, message }) => job === "cleanup_fx_updates" && message === "Started")
      .map(({ slot }) => slot),
  );
  const all = started.flat();
  expect(new Set(all).size).toBe(all.length);
  expect(all).toEqual(expect.arrayContaining(slots));
  expect(Math.min(...started.map((list) => list.length)), "one of them slept").toBeGreaterThan(0);
});
