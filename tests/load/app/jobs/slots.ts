import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { defineJob, type JobContext, manual } from "#jobs";
import { schedule } from "#schedule/index.ts";
import { common, hashFraction, writeEffect } from "./effect.ts";

const nothing = z.strictObject({});

/** One effect a slot; kills fall before, into and after its transaction. */
async function takeSlot(context: JobContext<Record<string, never>>) {
  const { run, asOf, signal, finish } = context;
  await sleep(120 * hashFraction(run.id, "before"), undefined, { signal });
  return finish(async (tx) => {
    await writeEffect(tx, context, `${run.jobId} ${asOf.toISOString()}`);
    await sleep(120 * hashFraction(run.id, "in"), undefined, { signal });
  });
}

export const everySecond = defineJob({
  ...common,
  id: "every_second",
  summary: "A slot each second; one run replaces the missed ones",
  on: schedule("* * * * * *", "Europe/Berlin"),
  input: nothing,
  then: ["after_slot"],
  run: takeSlot,
});

export const afterSlot = defineJob({
  ...common,
  id: "after_slot",
  summary: "Runs after each slot of every_second",
  on: manual,
  input: nothing,
  concurrency: () => null,
  run: (context) => context.finish((tx) => writeEffect(tx, context, `after_slot ${context.run.id}`)),
});

/** Missed slots run one by one beside the new slots: with a slot each second the job could not catch up. */
export const everyThirdSecond = defineJob({
  ...common,
  id: "every_third_second",
  summary: "A slot every three seconds; missed ones are run",
  on: schedule("*/3 * * * * *", "UTC"),
  input: nothing,
  missed: "all",
  overlap: "queue one",
  run: takeSlot,
});

export const everyOtherSecond = defineJob({
  ...common,
  id: "every_other_second",
  summary: "A slot every two seconds; missed ones are skipped",
  on: schedule("*/2 * * * * *", "UTC"),
  input: nothing,
  missed: "skip",
  run: takeSlot,
});

/** Its local hours are those that a change of the clocks skips or repeats. Off unless its setting enables it. */
export const nightly = defineJob({
  ...common,
  id: "nightly",
  summary: "A slot every two seconds at night",
  on: schedule("*/2 * 1-3 * * *", "Europe/Berlin"),
  enabledByDefault: false,
  input: nothing,
  run: takeSlot,
});

/** Every tick is for the same slot: the first of January. */
export const everyYear = defineJob({
  ...common,
  id: "every_year",
  summary: "A slot a year",
  on: schedule("0 0 0 1 1 *", "UTC"),
  input: nothing,
  run: takeSlot,
});
