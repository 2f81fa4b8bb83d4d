import { z } from "zod";
import type { App } from "#app";
import type { Run } from "#data/platform/platform-schema.ts";
import { recordRejectedUpdate } from "#data/portfolio/exchange-rate-updates.ts";
import { Problem } from "#http/problem.ts";
import type { Call, Reply } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { runState } from "../admin/run-view.ts";
import { enqueueOnce } from "../idempotent-requests.ts";

/** What starts a run answers with. */
export const startedRun = z.object({ run: z.uuid(), state: runState, location: z.string() });

type Asking = Pick<Call<never, never, never>, "caller" | "header">;

/**
 * Starts a rate synchronisation for a person. What is refused (bad input, internet switched off) stands in the tracking
 * table as well: whoever asks later what became of it finds the reason there.
 */
export async function startUpdate(
  app: App,
  { kind, ...asked }: { job: Job; kind: "latest" | "historical"; input: unknown } & Asking,
): Promise<Reply> {
  try {
    return await startSync(app, asked);
  } catch (error) {
    if (error instanceof InvalidInput) await recordRejectedUpdate(app.db, kind, error.message, app.clock.now());
    throw error;
  }
}

/** Starts a run for a person. @throws Problem 409 when a gate does not let it run */
export async function startSync(
  app: App,
  { job, input, caller, header }: { job: Job; input: unknown } & Asking,
): Promise<Reply> {
  const request = { input, trigger: "manual", requestedBy: caller } as const;
  return started(await enqueueOnce(app, { header, asked: { start: job.id, input } }, job, request));
}

/** The answer that a run was started, or was before by the same key. @throws Problem 409 when a gate does not let it run */
export function started({ run, isRepeat }: { run: Run; isRepeat: boolean }): Reply {
  if (run.state === "skipped") throw new Problem(409, run.reasonCode!, run.reason!, { extra: { run: run.id } });
  const location = `/api/admin/runs/${run.id}`;
  return { status: isRepeat ? 200 : 202, headers: { location }, json: { run: run.id, state: run.state, location } };
}
