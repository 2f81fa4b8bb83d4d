import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { isScheduled } from "#jobs/job.ts";
import { tick } from "#runner/tick.ts";

/** Fires a job's timer many times at the same instant, as `onTimer` does. */
export const tickTogether = defineRoute({
  method: "POST",
  path: "api/load/{job}/ticks",
  access: "operator",
  summary: "Fire a timer many times at once",
  params: z.object({ job: z.string() }),
  body: z.strictObject({ times: z.int().positive() }),
  async handle({ app, params, body }) {
    const job = await app.jobs.find(params.job);
    if (!job || !isScheduled(job)) throw new TypeError(`${params.job}: expected a job with a schedule`);
    const { runner, clock } = app;
    const one = () => tick({ runner, clock, isPastDue: false }, job, job.on);
    const ran = await Promise.all(Array.from({ length: body.times }, one));
    return { json: { ticks: body.times, ran: ran.filter((run) => run?.state === "succeeded").length } };
  },
});
