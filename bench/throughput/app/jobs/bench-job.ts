import { channel } from "node:diagnostics_channel";
import { defineJob, event, z } from "#jobs";

/** Told of each run's number as it starts: the host runs the app in the process that measures. */
const started = channel("bench.started");

export const benchJob = defineJob({
  id: "bench_job",
  family: { id: "bench", title: "Benchmark" },
  summary: "One write",
  on: event({ batch: 250 }),
  input: z.object({ n: z.int() }),
  concurrency: () => null,
  async run({ input: { n }, db }) {
    started.publish(n);
    // The same statement by the same driver as the others.
    await db.$client`update bench.effects set done = done + 1 where id = ${n}`;
  },
});
