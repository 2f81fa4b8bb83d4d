import { z } from "zod";
import { defineJob, event, manual } from "../../../shared/jobs/define-job.ts";

const family = { id: "samples", title: "Samples" };

/** Jobs for each way in which messages reach a worker: by the shared queue, one by one, in batches. */
export const jobs = [
  defineJob({
    ...{ id: "asked_for", family, summary: "A sample", on: manual, input: z.object({}), concurrency: () => null },
    run: async () => ({ did: "asked_for" }),
  }),
  defineJob({
    ...{ id: "one_by_one", family, summary: "A sample", on: event({ batch: 1 }), input: z.object({}) },
    ...{ concurrency: () => null, run: async () => ({ did: "one_by_one" }) },
  }),
  defineJob({
    ...{ id: "in_batches", family, summary: "A sample", on: event({ batch: 20 }), input: z.object({}) },
    ...{ concurrency: () => null, run: async () => ({ did: "in_batches" }) },
  }),
];
