import type { App } from "../../../shared/app.ts";
import { recordRejectedUpdate } from "../../../shared/data/portfolio/exchange-rate-updates.ts";
import { Problem } from "../../../shared/http/problem.ts";
import type { Call, Reply } from "../../../shared/http/route.ts";
import type { Job } from "../../../shared/jobs/define-job.ts";
import { InvalidInput } from "../../../shared/jobs/endings.ts";
import { requestOnce } from "../start-once.ts";

/**
 * Starts a rate synchronisation for a person. What is refused (bad input, internet switched off) stands in the tracking
 * table as well: whoever asks later what became of it finds the reason there.
 */
export async function startUpdate(
  app: App,
  {
    job,
    kind,
    input,
    caller,
    header,
  }: { job: Job; kind: "latest" | "historical"; input: unknown } & Pick<Call<never, never, never>, "caller" | "header">,
): Promise<Reply> {
  try {
    const request = { input, trigger: "manual", requestedBy: caller } as const;
    const { run, isRepeat } = await requestOnce(app, { header, asked: { start: job.id, input } }, job, request);
    const location = `/api/admin/runs/${run.id}`;
    if (run.state === "skipped") {
      throw new Problem(409, run.reasonCode!, run.reason!, { extra: { run: run.id } });
    }
    return { status: isRepeat ? 200 : 202, headers: { location }, json: { run: run.id, state: run.state, location } };
  } catch (error) {
    if (error instanceof InvalidInput) await recordRejectedUpdate(app.db, kind, error.message, app.clock.now());
    throw error;
  }
}
