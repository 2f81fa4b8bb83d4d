import { z } from "zod";
import { defineJob, manual } from "#jobs";
import { callService, common, writeEffect } from "./effect.ts";

const named = { on: manual, input: z.strictObject({ name: z.string() }), concurrency: () => null } as const;

/**
 * Jobs that call the fake service in the middle, where a script holds the call and disturbs the process. Real jobs must
 * not call a service inside a transaction; here it is the only way to stop a job exactly there.
 */
export const middleOfTransaction = defineJob({
  ...common,
  ...named,
  id: "middle_of_transaction",
  summary: "Can be held in the middle of a transaction",
  async run(context) {
    await context.transaction(async (tx) => {
      await writeEffect(tx, context, context.input.name);
      await callService(context.input.name);
    });
  },
});

export const middleOfFinish = defineJob({
  ...common,
  ...named,
  id: "middle_of_finish",
  summary: "Can be held in the middle of finish",
  run: (context) =>
    context.finish(async (tx) => {
      await writeEffect(tx, context, context.input.name);
      await callService(context.input.name);
    }),
});

export const middleOfCall = defineJob({
  ...common,
  ...named,
  id: "middle_of_call",
  summary: "Can be held in a call that its signal aborts",
  async run(context) {
    const { input, signal, once, transaction } = context;
    await once(input.name, (key) => callService(key, signal), { whenUnknown: "repeat" });
    await transaction((tx) => writeEffect(tx, context, input.name));
  },
});

export const deafInTheMiddle = defineJob({
  ...common,
  ...named,
  id: "deaf_in_the_middle",
  summary: "Can be held in a call that ignores its signal",
  async run(context) {
    await callService(context.input.name);
    return context.finish((tx) => writeEffect(tx, context, context.input.name));
  },
});
