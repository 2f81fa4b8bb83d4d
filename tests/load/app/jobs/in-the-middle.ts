import { z } from "zod";
import { defineJob, manual } from "#jobs/define-job.ts";
import { callOutside, common, leave } from "./effect.ts";

const named = { on: manual, input: z.strictObject({ name: z.string() }), concurrency: () => null } as const;

/**
 * Jobs that call out in the middle, where a script holds them and does to their process what it wants. A call inside a
 * transaction is what a job must not do; here it is the only way to stop one exactly there.
 */
export const middleOfTransaction = defineJob({
  ...common,
  ...named,
  id: "middle_of_transaction",
  summary: "Can be held in the middle of a transaction",
  async run(context) {
    await context.transaction(async (tx) => {
      await leave(tx, context, context.input.name);
      await callOutside(context.input.name);
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
      await leave(tx, context, context.input.name);
      await callOutside(context.input.name);
    }),
});

export const middleOfCall = defineJob({
  ...common,
  ...named,
  id: "middle_of_call",
  summary: "Can be held in a call, of which its signal frees it",
  async run(context) {
    const { input, signal, once, transaction } = context;
    await once(input.name, (key) => callOutside(key, signal), { whenUnknown: "repeat" });
    await transaction((tx) => leave(tx, context, input.name));
  },
});

export const deafInTheMiddle = defineJob({
  ...common,
  ...named,
  id: "deaf_in_the_middle",
  summary: "Can be held in a call, and does not listen to its signal",
  async run(context) {
    await callOutside(context.input.name);
    return context.finish((tx) => leave(tx, context, context.input.name));
  },
});
