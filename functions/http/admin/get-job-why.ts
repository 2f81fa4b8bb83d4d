import { z } from "zod";
import { DatabaseUnreachable } from "#data/connection/database-unreachable.ts";
import { withinTime } from "#diagnostics/time-limit.ts";
import type { App } from "#http/app-services.ts";
import { defineRoute } from "#http/route.ts";
import { asError, isDatabaseUnavailable } from "#jobs/error-class.ts";
import type { Job } from "#jobs/job.ts";
import type { BrokerState } from "#messaging/broker-probe.ts";
import { ownQueue, SHARED_QUEUE } from "#messaging/queue-names.ts";
import { jobFacts, knownFacts } from "#operations/job-facts.ts";
import { type JobFacts, type Why, whyNotRunning, whyWithoutDatabase } from "#operations/why-not-running.ts";
import { redact } from "#redaction/redact.ts";
import { undeliveredText } from "#runner/delivery-watch.ts";
import { undeliveredQueues } from "../health/undelivered-queues.ts";
import { HEALTH_LIMIT_MS, withinLimit } from "../health/within-limit.ts";
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
    return { json: redact({ id: job.id, ...(await whyOf(app, job)) }) };
  },
});

async function whyOf(app: App, job: Job): Promise<Why> {
  try {
    const [facts, carrier] = await Promise.all([
      withinTime(HEALTH_LIMIT_MS, jobFacts(app, job), unanswered),
      carrierOf(app, job),
    ]);
    return whyNotRunning({ ...facts, carrier });
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    const { unreachableSince: since = null, cause = innermostMessage(error) } = app.reach;
    return whyWithoutDatabase(knownFacts(app, job), { since, cause });
  }
}

function unanswered(): DatabaseUnreachable {
  return new DatabaseUnreachable(`no answer within ${HEALTH_LIMIT_MS / 1_000} s`);
}

/** An error of a statement has the reason in its cause. */
function innermostMessage(error: unknown): string {
  const { cause, message } = asError(error);
  return cause instanceof Error ? innermostMessage(cause) : message;
}

async function carrierOf(app: App, job: Job): Promise<JobFacts["carrier"]> {
  const broker = await withinLimit(app.broker()).catch((error: unknown): BrokerState => ({
    state: "unreachable",
    trouble: asError(error).message,
  }));
  if (broker.state === "in-process") return { name: "the process itself", trouble: null, undelivered: null };
  const queue = job.queue ? ownQueue(job.id) : SHARED_QUEUE;
  return {
    name: `the Service Bus queue ${queue}`,
    trouble: broker.state === "unreachable" ? broker.trouble : null,
    undelivered: await undeliveredOf(app, queue),
  };
}

async function undeliveredOf(app: App, queue: string): Promise<string | null> {
  const found = (await undeliveredQueues(app)).find((one) => one.queue === queue);
  return found ? undeliveredText(found, app.clock.now()) : null;
}
