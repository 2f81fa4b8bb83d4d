import { expect, it } from "vitest";
import { type RunningStack, startStack, stateDirectory, until } from "./stack-process.ts";

const state = await stateDirectory();

it("a slot runs once with two app processes on one database", async () => {
  const env = { CLEANUP_FX_UPDATES_SCHEDULE: "* * * * * *", LOG_FORMAT: "json", LOG_LEVEL: "debug" };
  const one = await startStack(state, { env });
  const two = await startStack(state, { args: ["--join"], env });
  const done = async () => {
    const { body } = await one.call<{ runs: { scheduledFor: string }[] }>(
      "GET",
      "api/admin/runs?job=cleanup_fx_updates&trigger=schedule&state=succeeded",
    );
    return body.runs.map(({ scheduledFor }) => scheduledFor);
  };
  // Waits until both processes have ticked for some finished slots, so that both competed for them.
  const contested = (slots: readonly string[]) => {
    const seen = [one, two].map((process) => new Set(ticksOf(process).map(({ slot }) => slot)));
    return slots.filter((slot) => seen.every((of) => of.has(slot)));
  };
  const slots = await until(done, (slots) => contested(slots).length >= 5);
  await Promise.all([two.stop(), one.stop()]);
  expect(new Set(slots).size, "no slot twice").toBe(slots.length);
  const started = [one, two].flatMap(ticksOf).flatMap(({ message, slot }) => (message === "Started" ? slot : []));
  expect(new Set(started).size, "each slot was started by one process").toBe(started.length);
  expect(started).toEqual(expect.arrayContaining(slots));
});

/** The log lines of a process about slots. */
function ticksOf({ output }: RunningStack): { message: string; slot: string }[] {
  return [...output().matchAll(/^\{.*\}$/gm)]
    .map(([line]) => JSON.parse(line) as { job?: string; message: string; slot?: string })
    .flatMap(({ job, message, slot }) => (job === "cleanup_fx_updates" && slot !== undefined ? { message, slot } : []));
}
