import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { defineJob, event, manual } from "#jobs";
import { callService, common, hashFraction, writeEffect } from "./effect.ts";

const numbered = z.strictObject({ n: z.int() });
const anyNumber = { on: manual, input: numbered, concurrency: () => null } as const;

export const flaky = defineJob({
  ...common,
  ...anyNumber,
  id: "flaky",
  summary: "Fails three times in ten, after its write",
  async run(context) {
    const { input, run, signal, finish } = context;
    await sleep(120 * hashFraction(run.id, run.attempt), undefined, { signal });
    return finish(async (tx) => {
      await writeEffect(tx, context, `flaky ${input.n}`);
      await sleep(60 * hashFraction(run.id, run.attempt, "in"), undefined, { signal });
      if (hashFraction(run.id, run.attempt, "fails") < 0.3)
        throw Object.assign(new Error("now and then"), { errorClass: "transient" });
    });
  },
});

export const oneWrite = defineJob({
  ...common,
  id: "one_write",
  summary: "One write, in the transaction that ends the run",
  on: event({ batch: 100 }),
  input: numbered,
  concurrency: () => null,
  run: (context) => context.finish((tx) => writeEffect(tx, context, `one_write ${context.input.n}`)),
});

/** A retry repeats the commit of `transaction`: each attempt writes its own row, and enqueues a run. */
export const repeats = defineJob({
  ...common,
  ...anyNumber,
  id: "repeats",
  summary: "Commits before its end",
  async run({ run, signal, transaction, enqueue }) {
    await transaction(async (tx) => {
      await tx.execute(sql`insert into load.repeats (run_id, attempt) values (${run.id}, ${run.attempt})`);
      await enqueue(tx, "after_repeats");
    });
    await sleep(120 * hashFraction(run.id, run.attempt), undefined, { signal });
    if (hashFraction(run.id, run.attempt, "fails") < 0.2)
      throw Object.assign(new Error("after its commit"), { errorClass: "transient" });
  },
});

export const afterRepeats = defineJob({
  ...common,
  id: "after_repeats",
  summary: "Runs after each commit of repeats",
  on: manual,
  input: z.strictObject({}),
  concurrency: () => null,
  run: (context) => context.finish((tx) => writeEffect(tx, context, `after_repeats ${context.run.id}`)),
});

export const calls = defineJob({
  ...common,
  ...anyNumber,
  id: "calls",
  summary: "Calls a service that knows idempotency keys",
  async run(context) {
    const { input, signal, once, finish } = context;
    await once(`call ${input.n}`, (key) => callService(key, signal), { whenUnknown: "repeat" });
    return finish((tx) => writeEffect(tx, context, `calls ${input.n}`));
  },
});

export const callsOnce = defineJob({
  ...common,
  ...anyNumber,
  id: "calls_once",
  summary: "Calls a service at most once",
  async run(context) {
    const { input, signal, once, finish } = context;
    await once(`order ${input.n}`, (key) => callService(key, signal));
    return finish((tx) => writeEffect(tx, context, `calls_once ${input.n}`));
  },
});

export const inLine = defineJob({
  ...common,
  ...anyNumber,
  id: "in_line",
  summary: "One write, in one of two lines",
  concurrency: ({ n }) => String(n % 2),
  async run(context) {
    const { input, run, signal, finish } = context;
    await sleep(60 * hashFraction(run.id, run.attempt), undefined, { signal });
    return finish((tx) => writeEffect(tx, context, `in_line ${input.n}`));
  },
});

/** Two concurrent runs of a key would fail on the unique key of the effect, and then have a second attempt. */
export const oneAtATime = defineJob({
  ...common,
  id: "one_at_a_time",
  summary: "One write, one at a time for each line",
  on: event({ batch: 1 }),
  input: z.strictObject({ n: z.int(), line: z.int() }),
  concurrency: ({ line }) => String(line),
  async run(context) {
    const { n, line } = context.input;
    const inside = `inside line ${line}`;
    await context.transaction((tx) => writeEffect(tx, context, inside));
    return context.finish(async (tx) => {
      await tx.execute(sql`delete from load.effects where key = ${inside}`);
      await writeEffect(tx, context, `one_at_a_time ${n}`);
    });
  },
});
