import { z } from "zod";
import { defineJob, event, manual } from "#jobs";
import { schedule } from "#schedule/index.ts";

const family = { id: "samples", title: "Samples" };

/** Jobs for each way in which messages reach a worker: by the shared queue, one by one, in batches, beside a timer. */
export const jobs = [
  defineJob({
    id: "asked_for",
    family,
    summary: "A sample",
    on: manual,
    input: z.object({}),
    concurrency: () => null,
    run: async () => ({ did: "asked_for" }),
  }),
  defineJob({
    id: "one_by_one",
    family,
    summary: "A sample",
    on: event({ batch: 1 }),
    input: z.object({}),
    concurrency: () => null,
    run: async () => ({ did: "one_by_one" }),
  }),
  defineJob({
    id: "in_batches",
    family,
    summary: "A sample",
    on: event({ batch: 20 }),
    input: z.object({}),
    concurrency: () => null,
    run: async () => ({ did: "in_batches" }),
  }),
  defineJob({
    id: "beside_a_timer",
    family,
    summary: "A sample",
    on: schedule("0 0 0 1 1 *", "UTC"),
    input: z.object({}),
    queue: "own",
    concurrency: () => null,
    run: async () => ({ did: "beside_a_timer" }),
  }),
];
