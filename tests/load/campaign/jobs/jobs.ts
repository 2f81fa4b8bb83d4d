import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Tx } from "../../../../shared/data/client.ts";
import { defineJob, event, manual } from "../../../../shared/jobs/define-job.ts";
import { linear } from "../../../../shared/jobs/retry.ts";
import { schedule } from "../../../../shared/jobs/schedule/index.ts";

const family = { id: "campaign", title: "Crash campaign" };
const retry = linear({ retries: 50, delay: "300ms" });

/** A plain insert: done twice, it fails on the unique key, and the run ends dead where the campaign sees it. */
async function leave(tx: Tx, key: string): Promise<void> {
  await tx.execute(sql`insert into campaign.effects (key) values (${key})`);
}

/** Crashes fall into work that takes a moment, before and inside the transaction. */
const aMoment = (signal: AbortSignal) => sleep(Math.random() * 120, undefined, { signal });

export const everySecond = defineJob({
  ...{
    id: "every_second",
    family,
    summary: "A slot a second",
    on: schedule("* * * * * *", "Europe/Berlin"),
    input: z.strictObject({}),
    retry,
  },
  then: ["after_tick"],
  async run({ asOf, signal, finish }) {
    await aMoment(signal);
    return finish(async (tx) => {
      await leave(tx, `tick ${asOf.toISOString()}`);
      await aMoment(signal);
    });
  },
});

export const afterTick = defineJob({
  ...{
    id: "after_tick",
    family,
    summary: "Runs after each slot",
    on: manual,
    input: z.strictObject({}),
    retry,
    concurrency: () => null,
  },
  async run({ run, finish }) {
    return finish((tx) => leave(tx, `chain ${run.id}`));
  },
});

export const flaky = defineJob({
  ...{
    id: "flaky",
    family,
    summary: "Fails now and then",
    on: manual,
    input: z.strictObject({ n: z.int() }),
    retry,
    concurrency: () => null,
  },
  async run({ input: { n }, signal, finish }) {
    await aMoment(signal);
    return finish(async (tx) => {
      await leave(tx, `flaky ${n}`);
      await aMoment(signal);
      if (Math.random() < 0.3) throw Object.assign(new Error("now and then"), { errorClass: "transient" });
    });
  },
});

export const small = defineJob({
  ...{
    id: "small",
    family,
    summary: "Many small events",
    on: event({ batch: 50 }),
    input: z.strictObject({ n: z.int() }),
    retry,
    concurrency: () => null,
  },
  async run({ input: { n }, finish }) {
    return finish((tx) => leave(tx, `small ${n}`));
  },
});
