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
  const env = { CLEANUP_FX_UPDATES_SCHEDULE: "* * * * * *", LOG_FORMAT: "json", LOG_LEVEL: "debug" };
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

  // The logs of both: each slot was started by one of them, while both saw the ticks.
  const ticks = [one, two].map(({ output }) =>
    [...output().matchAll(/^\{.*\}$/gm)]
      .map(([line]) => JSON.parse(line) as { job?: string; message: string; slot?: string })
      .filter(({ job, slot }) => job === "cleanup_fx_updates" && slot !== undefined),
  );
  const started = ticks.flat().flatMap(({ message, slot }) => (message === "Started" ? slot : []));
  expect(new Set(started).size).toBe(started.length);
  expect(started).toEqual(expect.arrayContaining(slots));
  const contested = ticks.map((seen) => new Set(seen.map(({ slot }) => slot)));
  const both = slots.filter((slot) => contested.every((seen) => seen.has(slot)));
  expect(both.length, "slots that both processes ticked").toBeGreaterThan(0);
});
