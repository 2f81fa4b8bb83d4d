import { z } from "zod";
import type { App } from "#http/app-services.ts";
import { defineRoute } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";
import { ownQueue, SHARED_QUEUE } from "#messaging/queue-names.ts";
import { jobFacts } from "#operations/job-facts.ts";
import { type JobFacts, whyNotRunning } from "#operations/why-not-running.ts";
import { redact } from "#redaction/redact.ts";
import { findJob } from "./find-job.ts";

export const getJobWhy = defineRoute({
  method: "GET",
  path: "api/admin/jobs/{id}/why",
  access: "viewer",
  summary: "Why a job is not running now, in sentences; the best explanation comes first",
  params: z.object({ id: z.string() }),
  response: z.object({
    id: z.string(),
    verdict: z
      .enum(["running", "blocked", "overdue", "waiting", "idle"])
      .describe(
        "blocked: it cannot start; overdue: it should have started; waiting: it starts later; idle: it has no run and no slot",
      ),
    sentences: z.array(z.object({ code: z.string(), text: z.string() })).describe("The best explanation comes first"),
  }),
  async handle({ app, params }) {
    const job = await findJob(app, params.id);
    const [facts, carrier] = await Promise.all([jobFacts(app, job), carrierOf(app, job)]);
    return { json: redact({ id: job.id, ...whyNotRunning({ ...facts, carrier }) }) };
  },
});

async function carrierOf(app: App, job: Job): Promise<JobFacts["carrier"]> {
  const broker = await app.broker();
  if (broker.state === "in-process") return { name: "the process itself", trouble: null };
  return {
    name: `the Service Bus queue ${job.queue ? ownQueue(job.id) : SHARED_QUEUE}`,
    trouble: broker.state === "unreachable" ? broker.trouble : null,
  };
}
